//! Nobody waits for the log.

use check::unread_log::{UnreadLog, promises};

#[test]
fn two_hundred_requests_are_answered_although_nobody_reads_the_log() {
    // Where it listens; for a request, one line.
    promises::two_hundred_are_answered(env!("CARGO_BIN_EXE_lesson03"), 1, 1);
}

#[test]
fn the_traffic_that_nobody_looks_at_holds_up_nobody() {
    promises::a_trace_holds_up_nobody(env!("CARGO_BIN_EXE_lesson03"));
}

#[test]
fn a_panic_of_an_application_does_not_wait_for_the_log_either() {
    let mut server = UnreadLog::of(env!("CARGO_BIN_EXE_lesson03"), "demo:panic");
    server.answers_all(50, "/", 500);
    server.read();
    server.answers_all(2, "/", 500);
    let log = server.read();
    assert!(log.contains("\nthread 'main' panicked at lessons/03-wsgi/src/demo.rs:"));
    assert!(log.contains(":\nthis application always panics\n"), "{log}");
}
