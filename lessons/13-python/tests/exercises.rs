//! The exercises of chapter 13: red on the lesson itself, green on our solutions.

mod served;

#[test]
fn a_page_can_give_up_without_a_thread_that_waits() {
    if kit::needed::python() {
        check::exercises::assert_exercise("13-1", env!("CARGO_BIN_EXE_lesson13"));
    }
}

#[test]
fn a_page_can_wait_twice_at_the_same_time() {
    if kit::needed::python() {
        check::exercises::assert_exercise("13-2", env!("CARGO_BIN_EXE_lesson13"));
    }
}
