//! The exercises of chapter 6: red on the lesson itself, green on our solutions.

#[test]
fn the_requests_under_way_can_be_counted() {
    check::exercises::assert_exercise("06-1", env!("CARGO_BIN_EXE_lesson06"));
}

#[test]
fn a_slow_page_can_be_kept_from_taking_every_thread() {
    check::exercises::assert_exercise("06-2", env!("CARGO_BIN_EXE_lesson06"));
}
