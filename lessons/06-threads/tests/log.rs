//! Nobody waits for the log.

use check::unread_log::{UnreadLog, lines_kept, lines_lost};
use rustix::process::Signal;

#[test]
fn two_hundred_requests_are_answered_although_nobody_reads_the_log() {
    let mut server = UnreadLog::of(env!("CARGO_BIN_EXE_lesson06"), "");
    server.answers_all(200, "/", 200);
    let mut log = server.read();
    assert!(log.ends_with('\n'), "every line is whole: {log}");
    server.signal(Signal::TERM);
    assert_eq!(server.exit().code(), Some(0));
    log += &server.read();
    assert!(log.ends_with("\nstopped\n"), "{log}");
    // Where it listens, a line a request, and the end.
    assert_eq!(lines_kept(&log) + lines_lost(&log), 1 + 200 + 2);
    assert!(lines_lost(&log) > 100, "{log}");
}

#[test]
fn a_panic_does_not_wait_for_the_log_either() {
    let server = UnreadLog::of(env!("CARGO_BIN_EXE_lesson06"), "");
    server.answers_all(60, "/panic", 500);
}

#[test]
fn a_full_log_neither_keeps_the_server_from_stopping_nor_cuts_an_answer_short() {
    let mut server = UnreadLog::of(env!("CARGO_BIN_EXE_lesson06"), "");
    server.answers_all(100, "/", 200);
    let mut slow = server.ask("/stream?n=20&ms=50");
    while !String::from_utf8_lossy(slow.received()).contains("line 1 of") {
        assert_eq!(slow.end(), None);
        std::thread::yield_now();
    }
    server.signal(Signal::TERM);
    assert_eq!(slow.answer().unwrap().text().lines().count(), 20);
    assert_eq!(server.exit().code(), Some(0));
    assert!(server.read().ends_with('\n'), "every line is whole");
}
