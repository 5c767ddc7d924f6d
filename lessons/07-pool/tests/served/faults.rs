//! Faults that somebody has found from outside, each as it was seen there.

use std::io::{Read, Write};
use std::time::Instant;

use check::client::Client;
use check::slow_reader::{self, narrow_client};
use kit::patience::until;
use rustix::process::Signal;

use crate::house::{Lesson, expect, expect_close, get};

#[test]
fn a_client_that_reads_slowly_but_steadily_gets_everything() {
    let lesson = Lesson::start("--quiet --write-timeout 2");
    // For four times as long as it may take nothing.
    slow_reader::gets_everything(lesson.address, 160);
}

#[test]
fn an_empty_line_after_a_request_is_no_request() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask(get("/", "") + "\r\n");
    client.finish_sending();
    expect(&mut client, 200);
    expect_close(&mut client);
}

#[test]
fn after_an_empty_line_a_connection_is_as_quiet_as_before() {
    let lesson = Lesson::start("--quiet --keep-alive 0.3 --head-timeout 3600");
    let mut client = lesson.ask(get("/", "") + "\r\n");
    expect(&mut client, 200);
    expect_close(&mut client);
}

#[test]
fn an_empty_line_does_not_hold_up_a_stop() {
    let flags = "--quiet --keep-alive 3600 --head-timeout 3600 --stop-timeout 600";
    let mut lesson = Lesson::start(flags);
    let mut client = lesson.ask(get("/", "") + "\r\n");
    expect(&mut client, 200);
    lesson.signal(Signal::TERM);
    assert_eq!(lesson.exit_code(), Some(0));
    expect_close(&mut client);
}

#[test]
fn a_server_that_waits_for_nobody_says_close() {
    let lesson = Lesson::start("--quiet --keep-alive 0");
    let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".to_owned();
    for question in [get("/", ""), get("/stream?n=2&ms=0", ""), old] {
        let mut client = lesson.ask(question);
        assert!(expect(&mut client, 200).says_close());
        expect_close(&mut client);
    }
}

#[test]
fn the_log_counts_what_was_sent_of_an_answer_that_broke_off() {
    const LENGTH: usize = 12 * 1024 * 1024;
    let lesson = Lesson::start("--body-limit 20000000 --write-timeout 0.5");
    let head = get("/echo", &format!("Content-Length: {LENGTH}\r\n"));
    let question = head.replacen("GET", "POST", 1);
    let mut client = narrow_client(lesson.address, &question);
    client.write_all(&vec![b'x'; LENGTH]).unwrap();
    let mut piece = vec![0; 12 * 1024];
    client.read_exact(&mut piece).unwrap();
    // And it reads no more.
    until("the server has given up", || {
        lesson.said().contains("\" 200 ")
    });
    let said = lesson.said();
    let count = said.trim_end().rsplit(' ').next().unwrap();
    let count: usize = count.parse().unwrap();
    assert!((8 * 1024..LENGTH).contains(&count), "{said}");
}

/// One worker with a long answer, one client in the queue, and two more for whom there is no room.
fn full(seconds: u32) -> (Lesson, Vec<Client>) {
    let flags = "--quiet --threads 1 --queue 1 --queue-timeout 3600 --stop-timeout 3600";
    let lesson = Lesson::start(flags);
    let target = format!("/stream?n=2&ms={seconds}000");
    let mut clients = vec![lesson.ask(get(&target, ""))];
    until("the worker has its client", || {
        String::from_utf8_lossy(clients[0].received()).contains("line 1")
    });
    let descriptors = lesson.descriptors();
    clients.extend((0..3).map(|_| lesson.ask(get("/", ""))));
    until("one is queued, and another waits for room", || {
        lesson.descriptors() == descriptors + 2
    });
    (lesson, clients)
}

#[test]
fn a_stop_is_heard_while_the_queue_is_full_and_everybody_is_served() {
    let (mut lesson, mut clients) = full(3);
    lesson.signal(Signal::TERM);
    until("it knows", || lesson.said().contains("stopping; "));
    assert!(
        !String::from_utf8_lossy(clients[0].received()).contains("line 2"),
        "it is heard before there is room"
    );
    for client in &mut clients {
        expect(client, 200);
    }
    assert_eq!(lesson.exit_code(), Some(0));
}

#[test]
fn a_second_signal_is_heard_while_the_queue_is_full() {
    for together in [false, true] {
        let (mut lesson, _clients) = full(50);
        lesson.signal(Signal::TERM);
        if !together {
            until("it knows", || lesson.said().contains("stopping; "));
        }
        lesson.signal(Signal::INT);
        assert_eq!(lesson.exit_code(), Some(1), "{}", lesson.said());
    }
}

#[test]
fn any_number_of_silent_clients_costs_about_one_deadline() {
    let lesson = Lesson::start("--quiet --threads 8 --head-timeout 1.5");
    let started = Instant::now();
    expect_close(&mut lesson.connect());
    let deadline = started.elapsed();

    let silent: Vec<Client> = (0..24).map(|_| lesson.connect()).collect();
    let started = Instant::now();
    expect(&mut lesson.ask(get("/", "")), 200);
    let waited = started.elapsed();
    assert!(waited < 2 * deadline, "{waited:?}, {deadline:?}");
    drop(silent);
}
