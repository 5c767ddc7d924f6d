//! The exercises of chapter 12: red on the lesson itself, green on our solutions.

#[test]
fn a_page_can_give_up_without_a_thread_that_waits() {
    check::exercises::assert_exercise("12-1", env!("CARGO_BIN_EXE_lesson12"));
}

#[test]
fn a_page_can_wait_twice_at_the_same_time() {
    check::exercises::assert_exercise("12-2", env!("CARGO_BIN_EXE_lesson12"));
}
