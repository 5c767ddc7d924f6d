//! The planted failures of the chapter, each failing in its own way.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use check::client::{Client, GUARD, NoAnswer};
use check::server::{Launch, Server};
use check::transcript::Transcript;
use check::workshop;
use kit::patience::until;

const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn start(example: &str, flags: &str) -> Server {
    let binary = workshop::example("lesson07", example).unwrap();
    Launch::lesson(binary, flags).start(None).unwrap()
}

/// A client that has asked.
fn asking(server: &Server, question: &[u8]) -> Client {
    let mut client = connect(server, GUARD);
    client.send(question).unwrap();
    client
}

fn connect(server: &Server, patience: Duration) -> Client {
    Client::connect(1, server.address(), patience, Transcript::default()).unwrap()
}

#[test]
fn as_many_quiet_clients_as_workers_starve_everybody_until_one_of_them_leaves() {
    let server = start("starved_pool", "--threads 2");
    let mut first = asking(&server, QUESTION);
    let mut second = asking(&server, QUESTION);
    for client in [&mut first, &mut second] {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    let mut third = connect(&server, Duration::from_secs(2));
    third.send(QUESTION).unwrap();
    assert_eq!(third.answer(), Err(NoAnswer::Silence));
    assert!(first.end().is_none() && second.end().is_none());
    // A quiet client is served whenever it likes.
    first.send(QUESTION).unwrap();
    assert_eq!(first.answer().unwrap().status, 200);
    assert!(!third.is_answered());
    second.leave();
    let until = Instant::now() + GUARD;
    while !third.is_answered() {
        assert!(
            Instant::now() < until,
            "a worker is free, and nobody is served"
        );
        third.wait_until(until);
    }
}

#[test]
fn lesson_7_itself_serves_the_client_that_starves_there() {
    let flags = "--quiet --threads 2 --keep-alive 0.5";
    let server = Launch::lesson(env!("CARGO_BIN_EXE_lesson07"), flags);
    let server = server.start(None).unwrap();
    let quiet: Vec<Client> = (0..2).map(|_| asking(&server, QUESTION)).collect();
    assert_eq!(asking(&server, QUESTION).answer().unwrap().status, 200);
    drop(quiet);
}

#[test]
fn each_panic_takes_a_worker_along_and_the_last_one_takes_the_service() {
    let server = start("lost_worker", "--threads 2");
    for gone in 1..=2 {
        assert_eq!(asking(&server, QUESTION).answer().unwrap().status, 200);
        let panicking = b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n";
        let outcome = asking(&server, panicking).answer();
        assert!(matches!(outcome, Err(NoAnswer::Ended(_))), "{outcome:?}");
        until("a worker goes", || {
            server.said().matches(" has gone").count() == gone
        });
    }
    // It accepts as ever, and nobody answers.
    let mut late = connect(&server, Duration::from_secs(2));
    late.send(QUESTION).unwrap();
    assert_eq!(late.answer(), Err(NoAnswer::Silence));
    assert!(!server.has_exited());
}

#[test]
fn a_queue_without_an_end_keeps_clients_that_have_left_and_lets_the_others_wait_behind_them() {
    let server = start("endless_queue", "");
    let before = server.processes().descriptors();
    for _ in 0..100 {
        asking(&server, QUESTION).leave();
    }
    until("all of them are queued", || {
        server.said().contains("75 clients wait")
    });
    assert!(server.processes().descriptors() >= before + 50);
    // A hundred answers of a tenth of a second stand before this one.
    let mut patient = connect(&server, Duration::from_secs(1));
    patient.send(QUESTION).unwrap();
    assert_eq!(patient.answer(), Err(NoAnswer::Silence));
    assert!(server.processes().descriptors() > before + 25);
}

#[test]
fn lesson_7_itself_tells_the_client_at_once_that_it_is_too_much() {
    let flags = "--quiet --threads 1 --queue 8 --queue-timeout 0";
    let server = Launch::lesson(env!("CARGO_BIN_EXE_lesson07"), flags);
    let server = server.start(None).unwrap();
    let slow = b"GET /sleep?ms=30000 HTTP/1.1\r\nHost: a\r\n\r\n";
    let _crowd: Vec<Client> = (0..20).map(|_| asking(&server, slow)).collect();
    // The only worker may take its client from the queue as late as now, which makes room for
    // one. There is none for three.
    let mut late: Vec<Client> = (0..3).map(|_| asking(&server, QUESTION)).collect();
    until("somebody is turned away", || {
        late.iter_mut().any(Client::is_answered)
    });
    for client in &mut late {
        if client.is_answered() {
            assert_eq!(client.answer().unwrap().status, 503);
        }
    }
}

#[test]
fn the_planted_failures_explain_themselves() {
    for example in ["starved_pool", "lost_worker", "endless_queue"] {
        let binary = workshop::example("lesson07", example).unwrap();
        let help = Command::new(binary)
            .arg("--help")
            .stdin(Stdio::null())
            .output();
        let help = String::from_utf8(help.unwrap().stdout).unwrap();
        assert!(help.contains(example), "{help}");
    }
}
