//! The exercises of chapter 14: red on the lesson itself, green on our solutions.

#[test]
fn an_answer_can_say_which_worker_it_is_from() {
    check::exercises::assert_exercise("14-1", env!("CARGO_BIN_EXE_lesson14"));
}

#[test]
fn a_worker_can_be_replaced_when_it_is_old() {
    check::exercises::assert_exercise("14-2", env!("CARGO_BIN_EXE_lesson14"));
}
