//! Nobody waits for the log.

use check::unread_log::{UnreadLog, lines_kept, lines_lost};

#[test]
fn two_hundred_requests_are_answered_although_nobody_reads_the_log() {
    let mut server = UnreadLog::of(env!("CARGO_BIN_EXE_lesson01"), "");
    server.answers_all(200, "/", 200);
    let mut log = server.read();
    assert!(log.ends_with('\n'), "every line is whole: {log}");
    assert_eq!(server.get("/").unwrap().status, 200);
    // Where it listens, and six lines a connection: who, how much, and the four lines of the request.
    let said = 1 + 6 * 201;
    let before = lines_kept(&log) + lines_lost(&log);
    log += &server.read_until(said - before);
    assert!(lines_lost(&log) > 100, "{log}");
}
