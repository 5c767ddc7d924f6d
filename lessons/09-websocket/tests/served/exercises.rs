//! The exercises of chapter 9: red on the lesson itself, green on our solutions.

#[test]
fn a_socket_can_say_how_many_there_are() {
    check::exercises::assert_exercise("09-1", env!("CARGO_BIN_EXE_lesson09"));
}

#[test]
fn a_request_can_speak_to_sockets() {
    check::exercises::assert_exercise("09-2", env!("CARGO_BIN_EXE_lesson09"));
}
