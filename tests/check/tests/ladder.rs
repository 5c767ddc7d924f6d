//! The same handler on eight servers, with six ways of waiting: the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

use check::ladder::{Asked, DIFFERENCES, RUNGS, Rung, answer, compare, requests};
use check::server::Launch;
use check::workshop;

/// What this server says to everything.
fn answers(rung: Rung, requests: &[Asked]) -> Vec<String> {
    let binary = workshop::binary(rung.package).unwrap();
    let flags = format!("--quiet --keep-alive 5 {}", rung.flags);
    let flags = match rung.package {
        "lesson03" | "lesson05" | "lesson06" => "--quiet",
        _ => &flags,
    };
    let server = Launch::lesson(binary, flags).start(None).unwrap();
    let ask = |asked: &Asked| {
        let text = answer(server.address(), asked);
        text.unwrap_or_else(|error| panic!("{} {}: {error}", rung.name, asked.name))
    };
    requests.iter().map(ask).collect()
}

#[test]
fn the_same_requests_get_the_same_bytes_from_every_server_or_there_is_a_reason() {
    let requests = requests();
    let all = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for rung in RUNGS {
            let (all, requests) = (&all, &requests);
            scope.spawn(move || {
                let answers = answers(rung, requests);
                all.lock().unwrap().insert(rung.name, answers);
            });
        }
    });
    let all = all.into_inner().unwrap();
    let measure = &all[RUNGS[0].name];
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for rung in &RUNGS[1..] {
        for ((asked, measure), answer) in requests.iter().zip(measure).zip(&all[rung.name]) {
            match compare(asked, *rung, measure, answer) {
                Ok(row) => seen.extend(row),
                Err(difference) => wrong.push(difference),
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differences without a reason\n\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
    for (row, difference) in DIFFERENCES.iter().enumerate() {
        assert!(seen.contains(&row), "never seen: {}", difference.what);
    }
}
