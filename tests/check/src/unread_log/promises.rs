//! What servers promise about a log that nobody reads: the same tests for each of them.

use std::thread;

use rustix::process::Signal;

use super::{UnreadLog, lines_kept, lines_lost};

/// Two hundred requests to a server that serves for ever. It says `first` lines when it starts and
/// `each` for a request, and every one of them is kept or counted as lost.
pub fn two_hundred_are_answered(binary: &str, first: usize, each: usize) {
    let mut server = UnreadLog::of(binary, "");
    server.answers_all(200, "/", 200);
    let mut log = server.read();
    assert!(log.ends_with('\n'), "every line is whole: {log}");
    assert_eq!(server.get("/").unwrap().status, 200);
    let before = lines_kept(&log) + lines_lost(&log);
    log += &server.read_until(first + each * 201 - before);
    assert!(lines_lost(&log) > 100, "{log}");
}

/// The same for a server that can be stopped, which says two lines about that.
pub fn two_hundred_are_answered_and_the_server_stops(binary: &str, first: usize, each: usize) {
    let mut server = UnreadLog::of(binary, "");
    server.answers_all(200, "/", 200);
    let mut log = server.read();
    assert!(log.ends_with('\n'), "every line is whole: {log}");
    server.signal(Signal::TERM);
    assert_eq!(server.exit().code(), Some(0));
    log += &server.read();
    assert!(log.ends_with("\nstopped\n"), "{log}");
    assert_eq!(lines_kept(&log) + lines_lost(&log), first + each * 200 + 2);
    assert!(lines_lost(&log) > 100, "{log}");
}

/// The traffic that `--trace` shows.
pub fn a_trace_holds_up_nobody(binary: &str) {
    let mut server = UnreadLog::of(binary, "--trace");
    server.answers_all(50, "/", 200);
    server.read();
    server.answers_all(2, "/", 200);
    assert!(lines_lost(&server.read()) > 100);
}

/// A panic has more to say than a request.
pub fn a_panic_does_not_wait(binary: &str) {
    UnreadLog::of(binary, "").answers_all(60, "/panic", 500);
}

/// A stop behind a full log, with an answer under way.
pub fn a_stop_cuts_no_answer_short(binary: &str) {
    let mut server = UnreadLog::of(binary, "");
    server.answers_all(100, "/", 200);
    let mut slow = server.ask("/stream?n=20&ms=50");
    while !String::from_utf8_lossy(slow.received()).contains("line 1 of") {
        assert_eq!(slow.end(), None);
        thread::yield_now();
    }
    server.signal(Signal::TERM);
    assert_eq!(slow.answer().unwrap().text().lines().count(), 20);
    assert_eq!(server.exit().code(), Some(0));
    assert!(server.read().ends_with('\n'), "every line is whole");
}
