//! The exercises of chapter 2: red on the lesson itself, green on our solutions.

#[test]
fn a_page_that_does_not_exist_can_be_told_from_one_that_does() {
    check::exercises::assert_exercise("02-1", env!("CARGO_BIN_EXE_lesson02"));
}

#[test]
fn a_server_can_tell_who_is_asking() {
    check::exercises::assert_exercise("02-2", env!("CARGO_BIN_EXE_lesson02"));
}
