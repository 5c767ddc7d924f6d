//! Those who want more than their share: of turns, or of memory.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use check::slow_reader::narrow_client;
use kit::patience::until;

use crate::house::{Lesson, expect, get};

#[test]
fn one_who_asks_without_end_has_its_turns_and_so_have_the_others() {
    let lesson = Lesson::start("--max-requests 1000000000");
    let (done, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    let greedy = TcpStream::connect(lesson.address).unwrap();
    greedy
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            let questions = get("/", "").repeat(1000);
            while !done.load(Ordering::SeqCst) {
                (&greedy).write_all(questions.as_bytes()).unwrap();
            }
            greedy.shutdown(std::net::Shutdown::Write).unwrap();
        });
        scope.spawn(|| {
            let mut room = vec![0; 1 << 16];
            while let Ok(1..) = (&greedy).read(&mut room) {
                answers.fetch_add(1, Ordering::SeqCst);
            }
        });
        for _ in 0..20 {
            let before = answers.load(Ordering::SeqCst);
            lesson.expect_hello();
            until("the greedy one is served as well", || {
                answers.load(Ordering::SeqCst) > before
            });
        }
        done.store(true, Ordering::SeqCst);
    });
}

#[test]
fn one_who_does_not_read_is_not_read_from() {
    let lesson = Lesson::start("--max-requests 1000000000 --write-timeout 3600");
    let deaf = narrow_client(lesson.address, "");
    deaf.set_nonblocking(true).unwrap();
    let questions = get("/stream?n=1000&ms=0", "").repeat(100);
    let (mut sent, mut last) = (0, Instant::now());
    // The kernel's buffers on both sides hold a few MiB. Beyond them there is no room.
    while last.elapsed() < Duration::from_secs(1) {
        match (&deaf).write(questions.as_bytes()) {
            Ok(count) => (sent, last) = (sent + count, Instant::now()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert!(sent < 64 * 1024 * 1024, "it swallows everything");
        thread::sleep(Duration::from_millis(1));
    }
    lesson.expect_hello();
}

#[test]
fn what_is_made_for_one_who_does_not_read_is_no_more_than_fits_into_the_kernel() {
    let lesson = Lesson::start("--write-timeout 3600");
    lesson.expect_hello();
    let before = lesson.processes().memory();
    let deaf: Vec<_> = (0..8)
        .map(|_| narrow_client(lesson.address, &get("/stream?n=10000000&ms=0", "")))
        .collect();
    let quiet = Instant::now();
    while quiet.elapsed() < Duration::from_secs(1) {
        lesson.expect_hello();
    }
    let after = lesson.processes().memory();
    assert!(after < before + 8 * 1024, "{before} KiB, then {after} KiB");
    drop(deaf);
}

#[test]
fn one_who_stays_for_many_requests_is_told_when_it_is_enough() {
    let lesson = Lesson::start("--max-requests 2");
    let mut client = lesson.ask(get("/", "").repeat(2));
    assert!(!expect(&mut client, 200).says_close());
    assert!(expect(&mut client, 200).says_close());
}
