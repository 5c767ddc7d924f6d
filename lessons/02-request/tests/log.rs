//! Nobody waits for the log.

use check::unread_log::promises;

#[test]
fn two_hundred_requests_are_answered_although_nobody_reads_the_log() {
    // Where it listens; for a request, one line.
    promises::two_hundred_are_answered(env!("CARGO_BIN_EXE_lesson02"), 1, 1);
}

#[test]
fn the_traffic_that_nobody_looks_at_holds_up_nobody() {
    promises::a_trace_holds_up_nobody(env!("CARGO_BIN_EXE_lesson02"));
}
