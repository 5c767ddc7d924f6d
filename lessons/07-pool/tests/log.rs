//! Nobody waits for the log.

use check::unread_log::promises;

#[test]
fn two_hundred_requests_are_answered_although_nobody_reads_the_log() {
    // Nothing at first; for a request, one line.
    promises::two_hundred_are_answered_and_the_server_stops(env!("CARGO_BIN_EXE_lesson07"), 0, 1);
}

#[test]
fn a_panic_does_not_wait_for_the_log_either() {
    promises::a_panic_does_not_wait(env!("CARGO_BIN_EXE_lesson07"));
}

#[test]
fn a_full_log_neither_keeps_the_server_from_stopping_nor_cuts_an_answer_short() {
    promises::a_stop_cuts_no_answer_short(env!("CARGO_BIN_EXE_lesson07"));
}
