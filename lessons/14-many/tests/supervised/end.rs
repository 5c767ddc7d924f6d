//! How it ends: gently, quickly, and by force.

use std::net::TcpListener;

use kit::patience::until;
use rustix::process::Signal;

use crate::supervised::{Kept, get, signal, some_more, start, under_load, workers};

#[test]
fn a_stop_under_load_resets_nobody_who_was_let_in() {
    let server = start("--workers 2");
    let mut late = Kept::connect(server.address()).unwrap();
    late.ask("GET", "/sleep?ms=700", "").unwrap();
    let seen = under_load(server.address(), 16, |answered| {
        some_more(answered, 3000);
        signal(server.id(), Signal::TERM);
        until("it ends", || server.has_exited());
    });
    assert_eq!(late.answer().unwrap().0, 200);
    assert_eq!(server.exit_code(), Some(0));
    // Once nobody listens, nobody is let in: that is what these clients hear, and nothing else.
    let refused = |reason: &&String| !reason.contains("refused");
    assert_eq!(seen.lost.iter().find(refused), None);
}

#[test]
fn ctrl_c_reaches_all_processes_and_a_request_under_way_is_answered() {
    let server = start("--workers 2");
    let mut late = Kept::connect(server.address()).unwrap();
    late.ask("GET", "/sleep?ms=700", "").unwrap();
    until("it is under way", || {
        signal(server.id(), Signal::USR1);
        server.said().contains("connections 1,")
    });
    for process in [workers(&server), vec![server.id()]].concat() {
        signal(process, Signal::INT);
    }
    assert_eq!(late.answer().unwrap().0, 200);
    until("it ends", || server.has_exited());
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn who_asks_twice_is_in_a_hurry() {
    let server = start("--workers 2");
    let mut late = Kept::connect(server.address()).unwrap();
    late.ask("GET", "/sleep?ms=60000", "").unwrap();
    // The request is there when another one is answered by the same loop, or by the other one.
    get(server.address(), "/", "").unwrap();
    signal(server.id(), Signal::TERM);
    until("it begins to stop", || {
        server.said().contains("stopping; workers: 2")
    });
    signal(server.id(), Signal::TERM);
    until("it ends", || server.has_exited());
    assert_eq!(server.exit_code(), Some(1));
    assert!(late.answer().is_err());
}

#[test]
fn a_supervisor_that_is_killed_leaves_nobody_behind_and_its_port_is_free() {
    let server = start("--workers 2");
    let (address, orphans) = (server.address(), workers(&server));
    signal(server.id(), Signal::KILL);
    until("the port is free", || TcpListener::bind(address).is_ok());
    until("they have gone", || {
        orphans
            .iter()
            .all(|&worker| !kit::process::Stat::of(worker).is_some_and(|it| it.lives()))
    });
}

#[test]
fn a_frozen_worker_is_ended_when_its_time_is_over() {
    let server = start("--workers 2 --stop-timeout 0.5");
    let frozen = workers(&server)[0];
    signal(frozen, Signal::STOP);
    signal(server.id(), Signal::TERM);
    until("it begins to stop", || {
        server.said().contains("stopping; workers: 2")
    });
    signal(server.id(), Signal::TERM); // Or we wait for longer.
    until("it ends", || server.has_exited());
    assert!(
        server
            .said()
            .contains(&format!("worker {frozen} has taken too long"))
    );
    assert_eq!(server.exit_code(), Some(1));
}
