//! The exercises of chapter 3: red on the lesson itself, green on our solutions.

#[test]
fn a_middleware_can_ask_for_a_password() {
    check::exercises::assert_exercise("03-1", env!("CARGO_BIN_EXE_lesson03"));
}

#[test]
fn a_body_larger_than_any_buffer_can_be_counted() {
    check::exercises::assert_exercise("03-2", env!("CARGO_BIN_EXE_lesson03"));
}
