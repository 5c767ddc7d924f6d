//! The exercises of chapter 8: red on the lesson itself, green on our solutions.

#[test]
fn a_plain_request_can_be_led_to_https() {
    check::exercises::assert_exercise("08-1", env!("CARGO_BIN_EXE_lesson08"));
}

#[test]
fn two_names_can_have_two_sites() {
    check::exercises::assert_exercise("08-2", env!("CARGO_BIN_EXE_lesson08"));
}
