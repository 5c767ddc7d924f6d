//! Who serves, how many at a time, and what is left of them.

use std::process::Command;

use kit::patience::until;
use nix::sys::signal::Signal;

use crate::running::{Running, answer, most_at_a_time, number, send};

#[test]
fn each_client_is_served_by_a_child_of_the_server() {
    let server = Running::lesson("");
    let mut pids = Vec::new();
    for _ in 0..3 {
        let mut client = server.connect();
        until("a child", || server.children().len() == 1);
        let child = server.children()[0].0;
        send(&mut client, "/sleep?ms=0");
        let pid = number(&answer(client), "pid");
        assert_eq!(pid, u64::try_from(child).unwrap());
        assert_ne!(child, server.pid());
        let line = format!("child {child} of {}: serves 127.0.0.1:", server.pid());
        server.wait_until_it_said(&line);
        until("the end of the child", || server.children().is_empty());
        pids.push(child);
    }
    pids.dedup();
    assert_eq!(pids.len(), 3, "every client has a child of its own");
}

#[test]
fn an_application_is_told_that_other_processes_serve_too() {
    let answer = Running::lesson("").get("/environ");
    assert!(answer.contains("wsgi.multiprocess = True"), "{answer}");
    assert!(answer.contains("wsgi.multithread = False"), "{answer}");
}

#[test]
fn a_client_that_says_nothing_holds_up_nobody() {
    let server = Running::lesson("");
    let mut silent = server.connect();
    until("its child", || server.children().len() == 1);
    assert!(server.get("/").ends_with("Hello, World!"));
    send(&mut silent, "/");
    assert!(answer(silent).ends_with("Hello, World!"));
}

#[test]
fn a_burst_of_128_ends_leaves_no_zombie() {
    let server = Running::lesson("--max-children 200 --head-timeout 100 --quiet");
    burst(&server, 128);
    until("the last zombie's end", || server.children().is_empty());
    assert!(server.get("/").ends_with("Hello, World!"));
}

/// Lets `count` children end while the server is stopped, so that the kernel has one mark for
/// all their `SIGCHLD`s, and then lets it go on.
pub(crate) fn burst(server: &Running, count: usize) {
    let mut clients: Vec<_> = (0..count).map(|_| server.connect()).collect();
    until("a child for each", || server.children().len() == count);
    server.hold_still();
    for client in &mut clients {
        send(client, "/");
    }
    for client in clients {
        // The children do not need their parent to answer. With an answer that has a length they
        // need not even wait for it to close the connection.
        assert!(answer(client).ends_with("Hello, World!"));
    }
    until("the end of all", || server.zombies() == count);
    server.signal(Signal::SIGCONT);
}

#[test]
fn thousands_of_requests_leave_no_zombie_and_no_descriptor() {
    // LESSON05_REQUESTS=10000 for the long run.
    let count = std::env::var("LESSON05_REQUESTS").map_or(2_000, |count| count.parse().unwrap());
    let server = Running::lesson("--quiet");
    assert!(server.get("/").ends_with("Hello, World!"));
    until("the first child's end", || server.children().is_empty());
    let before = server.descriptors();
    for _ in 0..count {
        assert!(server.get("/").ends_with("Hello, World!"));
    }
    until("the last child's end", || server.children().is_empty());
    assert_eq!(server.descriptors(), before);
}

#[test]
fn beyond_the_cap_clients_wait_and_are_served_later() {
    const CAP: usize = 3;
    let server = Running::lesson(&format!("--max-children {CAP}"));
    let clients: Vec<_> = (0..12).map(|_| server.ask("/sleep?ms=50")).collect();
    let answers: Vec<_> = clients.into_iter().map(answer).collect();
    let most = most_at_a_time(&answers);
    assert!((2..=CAP).contains(&most), "{answers:?}");
}

#[test]
fn a_client_beyond_the_cap_waits_for_the_end_of_a_child() {
    let server = Running::lesson("--max-children 2 --head-timeout 100");
    let mut first = server.connect();
    let second = server.connect();
    until("two children", || server.children().len() == 2);
    let before = server.children();
    let third = server.ask("/sleep?ms=0");
    send(&mut first, "/");
    assert!(answer(first).ends_with("Hello, World!"));
    let pid = number(&answer(third), "pid");
    assert!(
        before
            .iter()
            .all(|(child, _)| u64::try_from(*child).unwrap() != pid)
    );
    drop(second);
}

#[test]
fn strangers_are_waited_for_and_do_not_count() {
    // What the shell has started stays its child when it becomes the server.
    let mut command = Command::new("sh");
    let script = "(read -r _ < \"$0\"; exit 3) & exec \"$@\"";
    let fifo = std::env::temp_dir().join(format!("lesson05-stranger-{}", std::process::id()));
    make_fifo(&fifo);
    command.args(["-c", script]).arg(&fifo);
    command.args([
        env!("CARGO_BIN_EXE_lesson05"),
        "--max-children",
        "1",
        "--head-timeout",
        "100",
    ]);
    let server = Running::start(command);
    until("the stranger", || server.children().len() == 1);
    let stranger = server.children()[0].0;
    assert!(
        server.get("/").ends_with("Hello, World!"),
        "it takes no place"
    );

    let mut holder = server.connect();
    until("a child", || server.children().len() == 2);
    std::fs::write(&fifo, "go\n").unwrap();
    server.wait_until_it_said(&format!("child {stranger} ended with the code 3"));
    until("no zombie", || server.zombies() == 0);
    let waiting = server.ask("/sleep?ms=0");
    send(&mut holder, "/sleep?ms=0");
    // The stranger's end has made no room: the one who waits is served after the holder's end.
    let held = answer(holder);
    let waited = answer(waiting);
    assert!(number(&held, "finished_ms") <= number(&waited, "started_ms"));
    std::fs::remove_file(&fifo).unwrap();
}

fn make_fifo(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}
