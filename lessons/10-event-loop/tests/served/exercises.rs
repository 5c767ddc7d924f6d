//! The exercises of chapter 10: red on the lesson itself, green on our solutions.

#[test]
fn a_page_can_say_how_many_connections_are_open() {
    check::exercises::assert_exercise("10-1", env!("CARGO_BIN_EXE_lesson10"));
}

#[test]
fn two_loops_can_stand_at_one_door() {
    check::exercises::assert_exercise("10-2", env!("CARGO_BIN_EXE_lesson10"));
}
