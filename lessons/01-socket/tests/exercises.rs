//! The exercises of chapter 1: red on the lesson itself, green on our solutions.

#[test]
fn the_answer_can_say_who_asked() {
    check::exercises::assert_exercise("01-1", env!("CARGO_BIN_EXE_lesson01"));
}

#[test]
fn a_silent_client_can_be_dropped() {
    check::exercises::assert_exercise("01-2", env!("CARGO_BIN_EXE_lesson01"));
}
