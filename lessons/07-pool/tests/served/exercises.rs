//! The exercises of chapter 7: red on the lesson itself, green on our solutions.

#[test]
fn a_page_can_say_how_busy_the_pool_is() {
    check::exercises::assert_exercise("07-1", env!("CARGO_BIN_EXE_lesson07"));
}

#[test]
fn slow_pages_can_be_given_a_budget() {
    check::exercises::assert_exercise("07-2", env!("CARGO_BIN_EXE_lesson07"));
}
