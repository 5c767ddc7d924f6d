//! A stop: nobody who was connected is betrayed, and nobody holds it up for ever.

use check::client::Client;
use kit::patience::until;
use rustix::process::Signal;

use crate::house::{Lesson, expect, expect_end, get, post};

/// Waits until the server has been told to stop and knows it.
fn stop(lesson: &Lesson) {
    lesson.signal(Signal::TERM);
    until("it knows", || lesson.said().contains("stopping; "));
}

#[test]
fn quiet_ones_are_let_go_and_those_at_work_get_all_of_their_answers() {
    for workers in ["", "--workers 4"] {
        let flags = "--keep-alive 3600 --head-timeout 3600 --stop-timeout 60 --body-timeout 60";
        let mut lesson = Lesson::start(&format!("{flags} {workers}"));
        let mut quiet = lesson.ask(get("/", ""));
        expect(&mut quiet, 200);
        let mut silent = lesson.ask(b"");
        let mut half = lesson.ask("GET / HTT");
        let mut body = lesson.ask(post("/echo", 10));
        let mut streaming = lesson.ask(get("/stream?n=5&ms=200", ""));
        until("it streams", || {
            !streaming.received().is_empty() || streaming.has_news()
        });
        lesson.signal(Signal::TERM);
        half.send(b"P/1.1\r\nHost: a\r\n\r\n").unwrap();
        body.send(b"0123456789").unwrap();
        for client in [&mut half, &mut body, &mut streaming] {
            expect(client, 200);
            expect_end(client);
        }
        expect_end(&mut quiet);
        expect_end(&mut silent);
        assert_eq!(lesson.exit_code(), Some(0), "{}", lesson.said());
    }
}

#[test]
fn a_second_signal_and_the_end_of_its_time_each_cut_it_short() {
    for (flags, signals) in [("--stop-timeout 3600", 2), ("--stop-timeout 0.5", 1)] {
        let mut lesson = Lesson::start(&format!("--head-timeout 3600 {flags}"));
        let mut half = lesson.ask("GET / HTT");
        lesson.expect_hello();
        stop(&lesson);
        if signals == 2 {
            lesson.signal(Signal::INT);
        }
        assert_eq!(lesson.exit_code(), Some(1), "{}", lesson.said());
        assert!(half.wait_for_end().is_some());
    }
}

#[test]
fn a_worker_that_never_comes_back_does_not_hold_up_a_second_signal() {
    let mut lesson = Lesson::start("--workers 1 --stop-timeout 3600");
    let _sleeper = lesson.ask(get("/sleep?ms=50000", ""));
    lesson.ask("GET / HTTP/1.1\r\n\r\n").answer().unwrap();
    stop(&lesson);
    lesson.signal(Signal::TERM);
    assert_eq!(lesson.exit_code(), Some(1), "{}", lesson.said());
}

#[test]
fn those_who_wait_at_a_full_house_when_it_closes_are_served_one_after_the_other() {
    let mut lesson = Lesson::start("--connections 2 --workers 1 --stop-timeout 600");
    let mut inside: Vec<Client> = (0..2)
        .map(|_| lesson.ask(get("/sleep?ms=500", "")))
        .collect();
    let mut outside: Vec<Client> = (0..6).map(|_| lesson.ask(get("/", ""))).collect();
    stop(&lesson);
    for client in inside.iter_mut().chain(&mut outside) {
        assert!(expect(client, 200).says_close());
    }
    assert_eq!(lesson.exit_code(), Some(0), "{}", lesson.said());
}

#[test]
fn without_descriptors_a_stop_waits_for_room_and_not_in_its_sleep() {
    let mut lesson = Lesson::start("--keep-alive 3600 --stop-timeout 600");
    let mut inside = lesson.ask(get("/sleep?ms=1", ""));
    expect(&mut inside, 200);
    let mut slow = lesson.ask(post("/echo", 3));
    lesson.expect_hello();
    let exhausted = lesson.processes().exhaust_descriptors().unwrap();
    let mut outside = lesson.ask(get("/", ""));
    stop(&lesson);
    slow.send(b"abc").unwrap();
    expect(&mut slow, 200);
    drop(exhausted);
    expect(&mut outside, 200);
    assert_eq!(lesson.exit_code(), Some(0), "{}", lesson.said());
}
