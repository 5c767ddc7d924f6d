//! Clients that mean no good, many of them at once.

use std::time::Duration;

use check::client::{Client, NoAnswer};
use kit::patience::until;

use crate::house::{Lesson, expect, get};

const SILENT: &[u8] = b"";
const HALF: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nX-Endless: ";

/// Sixty-four of four kinds: silent, dripping, resetting, huge.
fn sixty_four_mean_clients(lesson: &Lesson) -> Vec<Client> {
    let huge = [
        b"POST /echo HTTP/1.1\r\nHost: a\r\nX: ".to_vec(),
        vec![b'x'; 100_000],
    ]
    .concat();
    let mut staying = Vec::new();
    for number in 0..64 {
        match number % 4 {
            0 => staying.push(lesson.ask(SILENT)),
            1 => staying.push(lesson.ask(HALF)),
            2 => lesson.ask(HALF).reset(),
            _ => staying.push(lesson.ask(&huge)),
        }
    }
    staying
}

#[test]
fn after_sixty_four_mean_clients_everybody_gets_an_answer_and_no_worker_is_lost() {
    // The bound is ⌈64 / 4⌉ × 0.3 s, and less: not all of them last as long.
    let flags = "--quiet --stats --threads 4 --head-timeout 0.3 --drain-timeout 0.1";
    let mut lesson = Lesson::start(flags);
    let threads = lesson.threads();
    let mut mean = sixty_four_mean_clients(&lesson);
    let mut later: Vec<Client> = (0..8)
        .map(|_| lesson.ask(get("/", "Connection: close\r\n")))
        .collect();
    // They drip for as long as anybody waits.
    while later
        .iter_mut()
        .any(|client| !client.is_answered() && client.end().is_none())
    {
        for client in &mut mean {
            if client.end().is_none() {
                let _ = client.send(b"x");
            }
        }
        check::client::wait_for_any(&[&later[0]], Duration::from_millis(20));
    }
    for client in &mut later {
        let answer = client.answer().unwrap();
        assert!(matches!(answer.status, 200 | 503), "{answer:?}");
    }
    drop(mean);
    assert!(lesson.is_running());
    until("everybody has left", || lesson.stat("idle") >= 3);
    assert_eq!(lesson.stat("workers"), 4);
    assert_eq!(lesson.threads(), threads);
    expect(&mut lesson.ask(get("/", "")), 200);
}

#[test]
fn as_many_silent_clients_as_workers_hold_a_later_one_up_until_their_deadline_and_no_longer() {
    let lesson = Lesson::start("--quiet --threads 4 --head-timeout 1");
    let mut silent: Vec<Client> = (0..4).map(|_| lesson.connect()).collect();
    let mut later = lesson.ask(get("/", ""));
    expect(&mut later, 200);
    let closed = silent
        .iter_mut()
        .filter(|client| client.is_cut_off())
        .count();
    assert!(closed > 0, "one of them was dropped before");
    for client in &mut silent {
        // A silent client is closed without a word.
        assert!(matches!(client.answer(), Err(NoAnswer::Ended(_))));
    }
}

#[test]
fn a_client_that_never_reads_does_not_keep_its_worker() {
    let lesson = Lesson::start("--quiet --threads 1 --write-timeout 0.3");
    let greedy = lesson.ask(get("/stream?n=1000000&ms=0", ""));
    let mut later = lesson.ask(get("/", ""));
    expect(&mut later, 200);
    drop(greedy);
}

#[test]
fn a_client_that_leaves_at_any_moment_harms_nobody() {
    let lesson = Lesson::start("--quiet --stats --threads 2");
    let whole =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    for cut in 0..=whole.len() {
        lesson.ask(&whole[..cut]).reset();
        lesson.ask(&whole[..cut]).leave();
    }
    expect(&mut lesson.ask(get("/", "")), 200);
    until("everybody has left", || lesson.stat("idle") >= 1);
    assert_eq!(lesson.stat("workers"), 2);
}
