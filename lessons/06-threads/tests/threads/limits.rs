//! What a thousand clients leave behind, and what happens when there is no thread to be had.

use std::process::Command;

use kit::patience::eventually;

use crate::running::Running;

#[test]
fn threads_descriptors_and_stacks_are_as_before_after_a_thousand_requests() {
    let server = Running::lesson("--quiet");
    let settle = || eventually(|| server.threads() == 1);
    for _ in 0..20 {
        server.get("/").unwrap();
    }
    assert!(settle(), "{} threads", server.threads());
    let before = (server.descriptors(), server.address_space());
    for _ in 0..1000 {
        server.get("/").unwrap();
    }
    assert!(settle(), "{} threads", server.threads());
    assert!(eventually(|| server.descriptors() == before.0));
    // The stack of a thread that has ended is given back when it is joined. A thousand that were
    // not would be two gigabytes.
    let grown = server.address_space().saturating_sub(before.1);
    assert!(grown < 100 * 2048, "the address space grew by {grown} KiB");
}

#[test]
fn a_burst_leaves_no_thread_behind() {
    let server = Running::lesson("--quiet");
    for _ in 0..3 {
        let mut clients: Vec<_> = (0..100).map(|_| server.ask("/sleep?ms=20")).collect();
        for client in &mut clients {
            assert_eq!(client.answer().unwrap().status, 200);
        }
    }
    let alone = eventually(|| server.threads() == 1);
    assert!(alone, "{} threads", server.threads());
}

#[test]
fn without_a_thread_a_client_is_told_to_try_again_and_the_server_lives() {
    // No machine has a stack of 64 tebibytes to give.
    let mut server = Running::lesson("--stack-size 70368744177664");
    let descriptors = server.descriptors();
    for _ in 0..20 {
        let answer = server.get("/").unwrap();
        assert_eq!(answer.status, 503);
        assert_eq!(answer.field("Retry-After"), Some("1"));
        assert!(answer.says_close());
    }
    assert!(server.is_alive());
    assert_eq!(server.threads(), 1);
    assert!(eventually(|| server.descriptors() == descriptors));
    assert!(server.says("no thread: "));
}

#[test]
fn a_storm_of_panics_costs_each_its_500_and_nothing_else() {
    let mut server = Running::lesson("--quiet --max-threads 8");
    let mut clients: Vec<_> = (0..50).map(|_| server.ask("/panic")).collect();
    for client in &mut clients {
        assert_eq!(client.answer().unwrap().status, 500);
    }
    assert_eq!(server.get("/").unwrap().status, 200);
    assert!(server.is_alive());
    assert!(eventually(|| server.threads() == 1));
}

#[test]
fn limits_that_nobody_can_mean_are_refused() {
    for flags in [["--max-threads", "0"], ["--stack-size", "65535"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_lesson06"))
            .args(["--addr", "127.0.0.1:0"])
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(flags[0]), "{said}");
    }
}

#[test]
fn the_smallest_stack_is_enough_for_everything_that_the_demo_does() {
    let mut server = Running::lesson("--stack-size 65536 --trace");
    for (target, status) in [
        ("/", 200),
        ("/environ", 200),
        ("/sleep?ms=1", 200),
        ("/stream?n=3&ms=1", 200),
        ("/panic", 500),
        ("/nowhere", 404),
    ] {
        assert_eq!(server.get(target).unwrap().status, status, "{target}");
    }
    assert!(server.is_alive());
}
