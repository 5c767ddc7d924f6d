//! The exercises of chapter 11: red on the lesson itself, green on our solutions.

#[test]
fn a_socket_can_add_up_in_sequence() {
    check::exercises::assert_exercise("11-1", env!("CARGO_BIN_EXE_lesson11"));
}

#[test]
fn a_page_can_wait_twice_at_the_same_time() {
    check::exercises::assert_exercise("11-2", env!("CARGO_BIN_EXE_lesson11"));
}
