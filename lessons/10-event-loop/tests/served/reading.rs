//! Clients that read slowly, or not at all, and a server that is killed before they have it all.

use std::io::{ErrorKind, Read};

use check::client::End;
use check::slow_reader::{self, narrow_client};
use kit::patience::until;
use rustix::process::Signal;

use crate::house::{LARGE, Lesson, deaf_client, expect, get};

/// For more than twice as long as it may take nothing.
fn assert_a_steady_reader_gets_everything(workers: &str) {
    let lesson = Lesson::start(&format!("--write-timeout 2 {workers}"));
    slow_reader::gets_everything(lesson.address, 100);
}

#[test]
fn a_client_that_reads_slowly_but_steadily_gets_everything() {
    assert_a_steady_reader_gets_everything("");
}

#[test]
fn a_client_that_reads_slowly_but_steadily_gets_everything_from_workers_too() {
    assert_a_steady_reader_gets_everything("--workers 2");
}

#[test]
fn a_client_that_takes_nothing_is_dropped_after_its_time_and_does_not_think_it_has_everything() {
    for workers in ["", "--workers 1"] {
        let flags = format!("--write-timeout 0.4 --body-limit {LARGE} {workers}");
        let lesson = Lesson::start(&flags);
        lesson.expect_hello();
        let before = lesson.processes().descriptors();
        let mut deaf = deaf_client(lesson.address);
        until("it is dropped", || {
            lesson.processes().descriptors() == before
        });
        let mut came = Vec::new();
        let _ = deaf.read_to_end(&mut came); // A reset, which may have overtaken what came before.
        assert!(came.len() < LARGE);
        lesson.expect_hello();
    }
}

#[test]
fn a_server_killed_in_the_middle_of_an_answer_without_a_length_leaves_a_reset_and_no_end() {
    let lesson = Lesson::start("");
    let question = "GET /stream?n=10000000&ms=0 HTTP/1.0\r\n\r\n";
    let mut client = narrow_client(lesson.address, question);
    let mut piece = [0; 8 * 1024];
    client.read_exact(&mut piece).unwrap();
    lesson.signal(Signal::KILL);
    let outcome = client.read_to_end(&mut Vec::new());
    assert_eq!(
        outcome.map_err(|error| error.kind()),
        Err(ErrorKind::ConnectionReset)
    );
}

#[test]
fn an_answer_that_was_sent_whole_is_not_lost_to_input_that_nobody_reads() {
    let lesson = Lesson::start("--drain-timeout 2");
    for _ in 0..20 {
        let question = get("/", "Connection: close\r\n") + &"x".repeat(100_000);
        let mut client = lesson.ask(question);
        assert_eq!(expect(&mut client, 200).text(), "Hello, World!");
        client.finish_sending();
        assert_eq!(client.wait_for_end(), Some(End::Closed));
    }
}
