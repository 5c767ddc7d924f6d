//! Nobody waits for the log.

use check::unread_log::promises;

#[test]
fn two_hundred_requests_are_answered_although_nobody_reads_the_log() {
    // Where it listens; for a request, two lines: the child's and the access log.
    promises::two_hundred_are_answered_and_the_server_stops(env!("CARGO_BIN_EXE_lesson05"), 1, 2);
}

#[test]
fn a_panic_does_not_wait_for_the_log_either() {
    promises::a_panic_does_not_wait(env!("CARGO_BIN_EXE_lesson05"));
}

#[test]
fn a_full_log_neither_keeps_the_server_from_stopping_nor_cuts_an_answer_short() {
    promises::a_stop_cuts_no_answer_short(env!("CARGO_BIN_EXE_lesson05"));
}
