//! The exercises of chapter 4: red on the lesson itself, green on our solutions.

#[test]
fn a_page_can_greet_by_name() {
    check::exercises::assert_exercise("04-1", env!("CARGO_BIN_EXE_lesson04"));
}

#[test]
fn a_framework_can_keep_a_collection() {
    check::exercises::assert_exercise("04-2", env!("CARGO_BIN_EXE_lesson04"));
}
