//! The conversations of this lesson on one thread, against the column of the matrix that the pool
//! keeps: everything but an application that takes its time.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use check::matrix::{Expected, cell};
use check::outcome::{Finding, Verdict, describe};
use check::probe::Probe;
use check::probes;
use check::server::Launch;
use check::workshop;
use check::world::World;

/// What differs: an application sleeps, and the only thread with it; and there is no queue.
const DIFFERS: [(&str, &str); 2] = [
    ("slow-application", "waits"),
    ("queue-overflow", "not applicable"),
];

/// What is not tried: here an application sleeps for a minute, and no signal is heard before.
const NOT_TRIED: &str = "second-sigterm";

/// The flags of the pool, each with a value, which a server without a pool does not have.
const OF_THE_POOL: [&str; 4] = ["--threads", "--max-threads", "--queue", "--queue-timeout"];

fn run(probe: &Probe, binary: &Path) -> Verdict {
    let flags = probe.flags_for(7);
    let words: Vec<&str> = flags.split_whitespace().collect();
    let pairs = words.chunks(2);
    let own = pairs.filter(|pair| !OF_THE_POOL.contains(&pair[0]));
    let flags = own.flatten().copied().collect::<Vec<_>>().join(" ");
    let server = Launch::lesson(binary, &flags).start(None);
    probe.run(&World::with(server.unwrap()))
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Ok(()) => "ok",
        Err(Finding::Waits) => "waits",
        Err(Finding::NotApplicable(_)) => "not applicable",
        Err(_) => "wrong",
    }
}

#[test]
fn one_thread_keeps_every_promise_of_the_pool_but_those_about_slow_applications() {
    let binary = workshop::example("lesson07", "one_thread").unwrap();
    let promised = |probe: &&Probe| cell(probe, 7).expected == Expected::Ok;
    let rows: Vec<&Probe> = probes::all().filter(promised).collect();
    let names = DIFFERS.iter().map(|(name, _)| *name).chain([NOT_TRIED]);
    for name in names {
        assert!(rows.iter().any(|probe| probe.name == name), "{name}");
    }
    let (next, surprises) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(probe) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if probe.name == NOT_TRIED {
                        continue;
                    }
                    let verdict = run(probe, &binary);
                    let differs = DIFFERS.iter().find(|(name, _)| *name == probe.name);
                    let expected = differs.map_or("ok", |(_, kind)| kind);
                    println!("{}: {}", probe.name, describe(&verdict));
                    if kind(&verdict) != expected {
                        let said = format!("{}: {}", probe.name, describe(&verdict));
                        surprises.lock().unwrap().push(said);
                    }
                }
            });
        }
    });
    assert_eq!(surprises.into_inner().unwrap(), Vec::<String>::new());
}
