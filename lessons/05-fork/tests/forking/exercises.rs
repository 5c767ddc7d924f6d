//! The exercises of chapter 5: red on the lesson itself, green on our solutions.

#[test]
fn a_number_can_be_shared_by_all_children() {
    check::exercises::assert_exercise("05-1", env!("CARGO_BIN_EXE_lesson05"));
}

#[test]
fn a_request_can_be_limited_to_a_second_of_the_processor() {
    check::exercises::assert_exercise("05-2", env!("CARGO_BIN_EXE_lesson05"));
}
