//! Nobody waits for the log.

use check::unread_log::promises;

#[test]
fn two_hundred_requests_are_answered_although_nobody_reads_the_log() {
    // Where it listens; for a connection: who, how much, and the four lines of the request.
    promises::two_hundred_are_answered(env!("CARGO_BIN_EXE_lesson01"), 1, 6);
}
