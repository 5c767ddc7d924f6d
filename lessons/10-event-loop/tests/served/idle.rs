//! Nothing to do: no turns, no wake-ups, no processor time.

use std::time::{Duration, Instant};

use check::client::Client;
use kit::patience::until;

use crate::house::{Lesson, deaf_client, expect, get};

/// So long nothing may happen.
const QUIET: Duration = Duration::from_secs(1);

/// Asserts that the server uses next to no processor time from now on. A loop that spins would use
/// all that it can get: even on a busy machine many times as much.
#[track_caller]
fn expect_rest(lesson: &Lesson) {
    let mut ticks = lesson.ticks();
    until("it comes to rest", || {
        std::thread::sleep(Duration::from_millis(100));
        std::mem::replace(&mut ticks, lesson.ticks()) == lesson.ticks()
    });
    let (before, begun) = (lesson.ticks(), Instant::now());
    while begun.elapsed() < QUIET {
        std::thread::sleep(Duration::from_millis(50));
    }
    let used = lesson.ticks() - before;
    assert!(used <= 3, "{used} ticks for nothing");
}

#[test]
fn quiet_connections_wake_nobody() {
    for flags in ["--keep-alive 3600", "--keep-alive 3600 --workers 2"] {
        let lesson = Lesson::start(flags);
        let mut quiet: Vec<Client> = (0..200).map(|_| lesson.ask(get("/", ""))).collect();
        for client in &mut quiet {
            expect(client, 200);
        }
        // A deadline that was set before the first answer may still be looked at once.
        let mut sleeps = lesson.sleeps();
        until("it sleeps", || {
            std::thread::sleep(QUIET);
            std::mem::replace(&mut sleeps, lesson.sleeps()) == lesson.sleeps()
        });
        let threads = if flags.contains("workers") { 3 } else { 1 };
        assert_eq!(lesson.processes().threads(), threads);
    }
}

#[test]
fn a_client_that_only_listens_on_is_no_reason_to_spin() {
    // In the kitchen, in the middle of an answer, and at the end of one.
    let flags = "--workers 2 --keep-alive 3600 --write-timeout 3600 --body-limit 12000000";
    let lesson = Lesson::start(flags);
    let away = lesson.ask(get("/sleep?ms=50000", ""));
    let blocked = deaf_client(lesson.address);
    let mut quiet = lesson.ask(get("/", ""));
    expect(&mut quiet, 200);
    away.finish_sending();
    blocked.shutdown(std::net::Shutdown::Write).unwrap();
    expect_rest(&lesson);
    // A quiet one that has half closed has said that it wants nothing more.
    quiet.finish_sending();
    assert!(quiet.wait_for_end().is_some());
    expect_rest(&lesson);
}

#[test]
fn one_that_has_left_while_its_application_works_is_no_reason_to_spin() {
    let lesson = Lesson::start("--workers 1");
    lesson.ask(get("/sleep?ms=50000", "")).reset();
    lesson.ask(get("/sleep?ms=50000", "")).leave();
    expect_rest(&lesson);
}

#[test]
fn a_quiet_connection_costs_no_stack_and_no_buffer() {
    const MANY: usize = 600;
    let lesson = Lesson::start("--keep-alive 3600");
    let crowd = |count| -> Vec<Client> {
        let mut clients: Vec<_> = (0..count).map(|_| lesson.ask(get("/", ""))).collect();
        for client in &mut clients {
            expect(client, 200);
        }
        clients
    };
    let first = crowd(200);
    let before = lesson.processes().memory();
    let others = crowd(MANY);
    let after = lesson.processes().memory();
    // A buffer would be 4 KiB and more, a stack 8. The tables double when they are full.
    let each = (after.saturating_sub(before)) * 1024 / MANY as u64;
    assert!(each < 1024, "{each} bytes for each quiet connection");
    drop((first, others));
}
