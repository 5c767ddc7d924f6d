//! Damage, and where it stops.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::thread;

use kit::patience::until;
use lesson03::{Options, demo};
use lesson05::{ForkingServer, Forks};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::running::{Running, answer, example, exists, number, send};

#[test]
fn a_client_is_turned_away_when_fork_fails_and_the_server_lives_on() {
    let server = Running::example("no_more_processes");
    for _ in 0..5 {
        assert!(server.get("/").ends_with("Hello, World!"));
        let refused = server.get("/");
        assert!(
            refused.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
            "{refused}"
        );
        assert!(refused.contains("\r\nRetry-After: 1\r\n"), "{refused}");
        assert!(
            refused.ends_with("\r\n\r\n503 Service Unavailable: try again\n"),
            "{refused}"
        );
    }
    until("the last child's end", || server.children().is_empty());
    server.wait_until_it_said("fork: EAGAIN");
}

#[test]
fn a_process_with_a_second_thread_is_refused() {
    let (_listener, _, gateway) = Options::default().listen("127.0.0.1:0").unwrap();
    // This test has a thread of its own, and here is another one, whoever runs the tests.
    thread::scope(|scope| {
        let (stay, leave) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || leave.recv());
        let made = ForkingServer::new(gateway, Arc::new(demo::hello), Forks::default());
        let error = made.err().map(|error| error.to_string());
        drop(stay);
        assert_eq!(
            error.as_deref(),
            Some("only a process with a single thread may fork")
        );
    });
}

#[test]
fn an_application_that_panics_costs_one_answer() {
    let server = Running::lesson("--head-timeout 100");
    let mut other = server.connect();
    until("its child", || server.children().len() == 1);
    for _ in 0..20 {
        assert!(server.get("/panic").starts_with("HTTP/1.1 500 "));
    }
    send(&mut other, "/");
    assert!(answer(other).ends_with("Hello, World!"));
    until("the end of all", || server.children().is_empty());
}

#[test]
fn a_child_that_is_killed_costs_its_own_client_and_nobody_else() {
    let server = Running::lesson("--head-timeout 100");
    let victim = server.connect();
    until("a child", || server.children().len() == 1);
    let child = server.children()[0].0;
    let mut other = server.connect();
    until("another child", || server.children().len() == 2);
    kill(Pid::from_raw(child), Signal::SIGKILL).unwrap();
    assert_eq!(answer(victim), "");
    server.wait_until_it_said(&format!("child {child} was ended by SIGKILL"));
    send(&mut other, "/");
    assert!(answer(other).ends_with("Hello, World!"));
    assert!(server.get("/").ends_with("Hello, World!"));
    until("the end of all", || server.children().is_empty());
}

#[test]
fn half_an_answer_of_a_child_that_is_killed_does_not_look_whole() {
    let server = Running::lesson("");
    let mut client = server.ask("/stream?n=1000&ms=20");
    client.read_exact(&mut [0; 200]).unwrap();
    kill(Pid::from_raw(server.children()[0].0), Signal::SIGKILL).unwrap();
    let end = client.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    // One that is whole ends as it always did.
    assert!(server.get("/stream?n=2&ms=1").ends_with("line 2 of 2\n"));
}

#[test]
fn a_child_that_takes_too_long_is_asked_to_end() {
    let server = Running::lesson("--child-timeout 0.3");
    let slow = server.ask("/sleep?ms=60000");
    until("its child", || !server.children().is_empty());
    let child = server.children()[0].0;
    assert_eq!(
        answer(slow),
        "",
        "its client sees the end of the connection"
    );
    server.wait_until_it_said(&format!("child {child} has taken too long"));
    server.wait_until_it_said(&format!("child {child} was ended by SIGTERM"));
    assert!(!exists(child));
    assert!(server.get("/").ends_with("Hello, World!"));
}

#[test]
fn a_child_that_cannot_be_asked_is_killed() {
    let server = Running::lesson("--child-timeout 0.3");
    let slow = server.ask("/sleep?ms=60000");
    until("its child", || !server.children().is_empty());
    let child = server.children()[0].0;
    // A stopped process does not even receive SIGTERM, until somebody lets it go on.
    kill(Pid::from_raw(child), Signal::SIGSTOP).unwrap();
    server.wait_until_it_said(&format!("child {child} has taken too long"));
    server.wait_until_it_said(&format!("child {child} was ended by SIGKILL"));
    assert_eq!(answer(slow), "");
}

#[test]
fn what_was_printed_before_a_fork_is_printed_once() {
    let printed = |operand: &[&str]| {
        let mut command = std::process::Command::new(example("printed_twice"));
        let output = command.args(operand).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(printed(&["flushed"]), "once ");
    assert_eq!(
        printed(&[]),
        "once once ",
        "without the flush there are two"
    );
}

#[test]
fn the_load_client_makes_all_the_connections_that_it_was_told_to() {
    let server = Running::lesson("");
    let address = server.address.to_string();
    let load = |address: &str| {
        let mut command = std::process::Command::new(example("load_client"));
        command.args(["--max-clients", "6", "--max-conns", "7", "--addr", address]);
        let output = command.output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let report = load(&address);
    let counts = "42 connections of 6 clients: 42 answered, 0 turned away, 0 refused, 0 broken\n";
    assert!(report.starts_with(counts), "{report}");
    assert_eq!(report.lines().count(), 5, "{report}");
    until("a line of the log for each", || {
        server.said().matches(": serves ").count() == 42
    });
    server.signal(Signal::SIGTERM);
    assert_eq!(server.end().0, Some(0));
    let report = load(&address);
    let counts = "42 connections of 6 clients: 0 answered, 0 turned away, 42 refused, 0 broken\n";
    assert_eq!(report, counts);
}

#[test]
fn memory_is_not_shared_between_children() {
    let server = Running::lesson("--quiet");
    for _ in 0..3 {
        server.get("/panic");
    }
    // Each child counts its own copy of the gateway's counter.
    until("three complaints", || {
        server.said().matches("request 1 ").count() == 3
    });
    assert!(number(&server.get("/sleep?ms=0"), "pid") > 0);
}
