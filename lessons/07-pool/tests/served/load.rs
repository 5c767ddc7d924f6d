//! More clients than workers, panics by the thousand, and nothing that grows.

use check::answer::Answer;
use check::client::{Client, wait_for_any};
use std::time::Duration;

use kit::patience::until;

use crate::house::{Lesson, expect, expect_close, get};

const CLOSE: &str = "Connection: close\r\n";

/// A client in the hands of a worker: its application sleeps for a second.
fn sleeper(lesson: &Lesson) -> Client {
    lesson.ask(get("/sleep?ms=1000", CLOSE))
}

#[test]
fn a_full_queue_turns_clients_away_with_a_503_and_counts_them() {
    let lesson = Lesson::start("--quiet --stats --threads 1 --queue 2 --queue-timeout 0");
    let mut first = sleeper(&lesson);
    until("the worker has its client", || {
        lesson.descriptors() > 0 && lesson.threads() == 2
    });
    // The worker may take its client a moment later than the others are queued, so one of those
    // may be turned away as well: the order of the rest is what counts.
    let mut others: Vec<Client> = (0..6).map(|_| lesson.ask(get("/", CLOSE))).collect();
    let answers: Vec<Answer> = others.iter_mut().map(|one| one.answer().unwrap()).collect();
    let (away, taken): (Vec<_>, Vec<_>) = answers.iter().partition(|one| one.status == 503);
    assert!(taken.len() <= 2 && taken.iter().all(|answer| answer.status == 200));
    assert!(away.len() >= 4);
    for answer in &away {
        assert_eq!(answer.field("retry-after"), Some("1"));
        assert!(answer.says_close());
    }
    expect(&mut first, 200);
    assert_eq!(lesson.stat("turned_away"), away.len() as u64);
    assert!(
        lesson.said().contains("the queue is full (2 clients)"),
        "{}",
        lesson.said()
    );
    expect(&mut lesson.ask(get("/", "")), 200);
}

#[test]
fn a_full_queue_makes_the_next_client_wait_for_room_first() {
    let lesson = Lesson::start("--quiet --threads 1 --queue 1 --queue-timeout 20");
    let mut clients: Vec<Client> = (0..6)
        .map(|_| lesson.ask(get("/sleep?ms=50", CLOSE)))
        .collect();
    for client in &mut clients {
        expect(client, 200);
    }
}

#[test]
fn the_pool_grows_to_its_maximum_under_load_and_shrinks_again() {
    let lesson = Lesson::start("--quiet --stats --threads 2 --max-threads 6");
    assert_eq!(lesson.stat("workers"), 2);
    let mut sleepers: Vec<Client> = (0..12).map(|_| sleeper(&lesson)).collect();
    until("six workers and the one who accepts", || {
        lesson.threads() == 7
    });
    for client in &mut sleepers {
        expect(client, 200);
        assert!(lesson.threads() <= 7, "there are never more");
    }
    until("two workers and the one who accepts", || {
        lesson.threads() == 3
    });
    assert_eq!(lesson.stat("workers"), 2);
}

#[test]
fn twelve_clients_on_four_workers_are_served_in_three_rounds() {
    let lesson = Lesson::start("--quiet --threads 4");
    let mut clients: Vec<Client> = (0..12)
        .map(|_| lesson.ask(get("/sleep?ms=300", CLOSE)))
        .collect();
    let naps: Vec<(f64, f64)> = clients
        .iter_mut()
        .map(|client| {
            let text = expect(client, 200).text();
            let number = |name: &str| {
                let (_, rest) = text.split_once(&format!("\"{name}\": ")).unwrap();
                rest[..rest.find([',', '}']).unwrap()]
                    .parse::<f64>()
                    .unwrap()
            };
            (number("started_ms"), number("finished_ms"))
        })
        .collect();
    // At no time are more than four asleep, and at some time four are.
    let asleep = |at: f64| naps.iter().filter(|nap| nap.0 <= at && at < nap.1).count();
    let most = naps.iter().map(|nap| asleep(nap.0)).max();
    assert_eq!(most, Some(4));
}

#[test]
fn a_storm_of_a_thousand_panics_costs_no_worker() {
    let lesson = Lesson::start("--quiet --stats");
    let threads = lesson.threads();
    for _ in 0..125 {
        let mut clients: Vec<Client> = (0..8).map(|_| lesson.ask(get("/panic", ""))).collect();
        for client in &mut clients {
            assert!(expect(client, 500).says_close());
        }
    }
    assert_eq!(lesson.stat("workers"), 8);
    assert_eq!(lesson.threads(), threads);
    assert_eq!(
        lesson.stat("panics"),
        0,
        "those of an application end in the gateway"
    );
    expect(&mut lesson.ask(get("/", "")), 200);
}

#[test]
fn quiet_connections_starve_a_later_client_until_the_first_of_them_was_quiet_for_too_long() {
    let lesson = Lesson::start("--quiet --threads 3 --keep-alive 2");
    let mut quiet: Vec<Client> = (0..3).map(|_| lesson.ask(get("/", ""))).collect();
    for client in &mut quiet {
        assert!(expect(client, 200).connection("keep-alive"));
    }
    let mut later = lesson.ask(get("/", ""));
    wait_for_any(
        &[&quiet[0], &quiet[1], &quiet[2], &later],
        Duration::from_secs(20),
    );
    let closed = quiet
        .iter_mut()
        .filter(|client| client.is_cut_off())
        .count();
    assert!(
        closed > 0,
        "a worker is free only when a connection has been closed"
    );
    expect(&mut later, 200);
}

#[test]
fn nobody_is_kept_while_others_wait() {
    let lesson = Lesson::start("--quiet --threads 1 --keep-alive 20");
    let mut first = lesson.ask(get("/sleep?ms=300", ""));
    let mut second = lesson.ask(get("/", ""));
    // The second waits in the queue when the answer of the first begins, so the first must go.
    assert!(expect(&mut first, 200).says_close());
    expect_close(&mut first);
    let answer = expect(&mut second, 200);
    assert!(answer.connection("keep-alive"), "nobody waits any more");
}

#[test]
fn the_numbers_are_shown_only_to_those_who_switched_them_on() {
    let lesson = Lesson::start("--quiet");
    expect(&mut lesson.ask(get("/__stats", "")), 404);
    let lesson = Lesson::start("--quiet --stats");
    let mut client = lesson.ask(get("/", "").repeat(3) + &get("/nowhere", CLOSE));
    for status in [200, 200, 200, 404] {
        expect(&mut client, status);
    }
    expect_close(&mut client);
    let text = expect(&mut lesson.ask(get("/__stats", "")), 200).text();
    for part in [
        "\"accepted\": 2,",
        "\"requests\": 4,",
        "\"kept_alive\": 3,",
        "\"bytes_out\": 53,",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (_, by_worker) = text.split_once("\"by_worker\": [").unwrap();
    let counts = by_worker.trim_end_matches(['}', '\n', ']']).split(", ");
    let sum: u64 = counts.map(|count| count.parse::<u64>().unwrap()).sum();
    assert_eq!(sum, 4, "every request was answered by some worker: {text}");
}

#[test]
fn two_thousand_requests_leave_descriptors_and_threads_as_they_were() {
    let lesson = Lesson::start("--quiet --stats --keep-alive 20");
    let round = |count: usize| {
        for number in 0..count {
            let mut client = lesson.ask(get("/", if number % 2 == 0 { CLOSE } else { "" }));
            expect(&mut client, 200);
            match number % 4 {
                1 => client.reset(),
                _ => client.leave(),
            }
        }
        until("all have left", || lesson.stat("idle") >= 7);
    };
    let settled = || {
        // The connection of the question for the numbers is closed a moment after its answer.
        let mut counts = Vec::new();
        until("the count is steady", || {
            counts.push((lesson.descriptors(), lesson.threads()));
            counts
                .iter()
                .rev()
                .take(10)
                .all(|count| Some(count) == counts.last())
                && counts.len() > 10
        });
        *counts.last().unwrap()
    };
    round(100);
    let before = settled();
    round(2000);
    assert_eq!(settled(), before);
}
