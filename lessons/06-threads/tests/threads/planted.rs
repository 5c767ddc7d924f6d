//! The planted failures: each example fails in its way, and the lesson does not.

use std::os::unix::process::ExitStatusExt;

use check::client::{Client, GUARD};
use check::transcript::Transcript;
use kit::patience::eventually;

use crate::running::Running;

#[test]
fn threads_without_bound_end_the_server_with_one_client_too_many() {
    let mut server = Running::example("threads_without_bound", "--room 64");
    let mut asleep = server.ask("/sleep?ms=60000");
    let address = server.address();
    // 64 MiB are room for some thirty stacks. The clients say nothing, and they need not.
    let connect = |number| Client::connect(number, address, GUARD, Transcript::default());
    let clients: Vec<_> = (2..200).map_while(|number| connect(number).ok()).collect();
    assert!(!server.exit().success());
    assert!(server.says("failed to spawn thread"));
    assert!(asleep.answer().is_err(), "everybody goes down with it");
    drop(clients);
}

#[test]
fn the_lesson_with_its_bound_outlives_the_same_clients() {
    let mut server = Running::lesson("--quiet --max-threads 20 --head-timeout 3600");
    let clients: Vec<_> = (0..100).map(|_| server.connect()).collect();
    let mut late = server.ask("/");
    assert!(eventually(|| server.threads() == 21));
    assert!(server.is_alive() && !late.is_answered());
    drop(clients);
    assert_eq!(late.answer().unwrap().text(), "Hello, World!");
}

#[test]
fn a_shared_counter_greets_one_visitor_by_the_name_of_another_and_loses_one() {
    let server = Running::example("shared_counter", "");
    let mut ann = server.ask("/?name=Ann&ms=4000");
    let ann_is_in = || server.get("/who").unwrap().text().contains("Ann");
    assert!(eventually(ann_is_in));
    let bob = server.get("/?name=Bob").unwrap().text();
    assert_eq!(bob, "Hello, Bob! Visitors so far: 1\n");
    assert!(!ann.is_answered());
    let ann = ann.answer().unwrap().text();
    assert_eq!(ann, "Hello, Bob! Visitors so far: 1\n");
}

#[test]
fn the_same_application_is_right_where_one_request_is_served_at_a_time() {
    let server = Running::example("shared_counter", "one-at-a-time");
    let mut ann = server.ask("/?name=Ann&ms=300");
    let mut bob = server.ask("/?name=Bob");
    let (ann, bob) = (ann.answer().unwrap(), bob.answer().unwrap());
    assert_eq!(ann.text(), "Hello, Ann! Visitors so far: 1\n");
    assert_eq!(bob.text(), "Hello, Bob! Visitors so far: 2\n");
}

/// A request with more brackets than a stack has room for.
fn nested() -> Vec<u8> {
    let brackets = 1_000_000;
    let head = format!("POST /nesting HTTP/1.1\r\nHost: a\r\nContent-Length: {brackets}\r\n\r\n");
    let mut request = head.into_bytes();
    request.resize(request.len() + brackets, b'[');
    request
}

#[test]
fn threads_share_the_fate_of_one_that_overflows_its_stack() {
    let mut server = Running::example("shared_fate", "");
    let mut bystander = server.ask("/sleep?ms=60000");
    assert!(eventually(|| server.threads() == 2));
    let mut culprit = server.connect();
    culprit.send(&nested()).unwrap();
    assert!(server.exit().signal().is_some(), "a signal ended it");
    assert!(culprit.answer().is_err());
    assert!(bystander.answer().is_err());
}

#[test]
fn processes_do_not_share_it() {
    let mut server = Running::example("shared_fate", "processes");
    let mut bystander = server.ask("/sleep?ms=1500");
    let mut culprit = server.connect();
    culprit.send(&nested()).unwrap();
    assert!(culprit.answer().is_err());
    assert_eq!(bystander.answer().unwrap().status, 200);
    assert_eq!(server.get("/").unwrap().text(), "Hello, World!");
    assert!(server.is_alive());
}
