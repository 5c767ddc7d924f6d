//! The end of a server, under load: nobody loses an answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use check::client::{Client, GUARD, NoAnswer};
use check::transcript::Transcript;
use kit::patience::until;
use rustix::process::Signal;

use crate::house::{Lesson, connect, expect, expect_close, get};

const CLOSE: &str = "Connection: close\r\n";

/// Waits until a request is in the hands of an application: somebody else has seen its answer's
/// first piece.
fn streaming(lesson: &Lesson, fields: &str) -> Client {
    let mut client = lesson.ask(get("/stream?n=3&ms=400", fields));
    until("the first line has come", || {
        String::from_utf8_lossy(client.received()).contains("line 1")
    });
    client
}

#[test]
fn without_anybody_a_stop_is_clean_and_at_once() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut lesson = Lesson::start("");
        lesson.signal(signal);
        assert_eq!(lesson.exit_code(), Some(0));
        assert!(
            lesson.said().contains("stopping; connections: 0"),
            "{}",
            lesson.said()
        );
    }
}

#[test]
fn an_answer_under_way_is_finished_and_a_waiting_client_gets_its_own() {
    let mut lesson = Lesson::start("--quiet --threads 1");
    let mut first = streaming(&lesson, "");
    let mut waiting: Vec<Client> = (0..5).map(|_| lesson.ask(get("/", ""))).collect();
    lesson.signal(Signal::TERM);
    assert_eq!(expect(&mut first, 200).text().lines().count(), 3);
    for client in &mut waiting {
        assert!(expect(client, 200).says_close());
        expect_close(client);
    }
    assert_eq!(lesson.exit_code(), Some(0));
}

#[test]
fn an_answer_that_was_asked_for_before_the_stop_says_close_if_it_begins_after_it() {
    let mut lesson = Lesson::start("--quiet --keep-alive 60 --stop-timeout 30");
    let mut slow = lesson.ask(get("/sleep?ms=1500", ""));
    let mut quiet = lesson.ask(get("/", ""));
    assert!(expect(&mut quiet, 200).connection("keep-alive"));
    lesson.signal(Signal::TERM);
    assert!(expect(&mut slow, 200).says_close());
    assert_eq!(lesson.exit_code(), Some(0));
}

#[test]
fn clients_that_have_said_nothing_do_not_hold_up_the_stop() {
    let flags = "--quiet --threads 2 --head-timeout 3600 --stop-timeout 600";
    let mut lesson = Lesson::start(flags);
    let mut silent: Vec<Client> = (0..5).map(|_| lesson.ask("")).collect();
    until("two have a worker", || lesson.descriptors() > 10);
    lesson.signal(Signal::TERM);
    assert_eq!(lesson.exit_code(), Some(0), "{}", lesson.said());
    silent.iter_mut().for_each(expect_close);
}

#[test]
fn a_connection_that_was_told_to_stay_may_send_one_more_request_and_is_then_closed() {
    let mut lesson = Lesson::start("--quiet --keep-alive 60 --stop-timeout 30");
    let mut quiet = lesson.ask(get("/", ""));
    assert!(expect(&mut quiet, 200).connection("keep-alive"));
    let mut silent = lesson.ask(get("/", ""));
    expect(&mut silent, 200);
    lesson.signal(Signal::TERM);
    until("it knows", || lesson.said().contains("stopping; "));
    quiet.send(get("/", "").as_bytes()).unwrap();
    assert!(expect(&mut quiet, 200).says_close());
    expect_close(&mut silent);
    assert_eq!(lesson.exit_code(), Some(0), "{}", lesson.said());
}

#[test]
fn a_long_answer_on_a_connection_that_was_told_to_stay_does_not_hold_up_the_stop() {
    let mut lesson = Lesson::start("--quiet --keep-alive 60 --stop-timeout 20");
    let mut client = lesson.ask(get("/stream?n=4&ms=500", ""));
    until("the first line has come", || {
        String::from_utf8_lossy(client.received()).contains("line 1")
    });
    lesson.signal(Signal::TERM);
    let answer = expect(&mut client, 200);
    assert!(
        answer.connection("keep-alive"),
        "its head had left before the stop"
    );
    expect_close(&mut client);
    assert_eq!(lesson.exit_code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    for between in ["", "a moment later"] {
        let mut lesson = Lesson::start("--quiet --stop-timeout 60");
        let mut client = lesson.ask(get("/stream?n=2&ms=50000", ""));
        until("the first line has come", || {
            String::from_utf8_lossy(client.received()).contains("line 1")
        });
        lesson.signal(Signal::TERM);
        until("it knows", || {
            lesson.said().contains("stopping; connections: 1")
        });
        if !between.is_empty() {
            // Longer than the moment for clients that were told to stay.
            thread::sleep(Duration::from_millis(1500));
        }
        lesson.signal(Signal::INT);
        assert_eq!(lesson.exit_code(), Some(1));
        assert!(matches!(client.answer(), Err(NoAnswer::Ended(_))));
    }
}

#[test]
fn what_does_not_finish_before_the_deadline_is_ended_and_the_exit_code_says_so() {
    let mut lesson = Lesson::start("--quiet --stop-timeout 0.5");
    let mut client = streaming_for_ever(&lesson);
    lesson.signal(Signal::TERM);
    assert_eq!(lesson.exit_code(), Some(1));
    assert!(matches!(client.answer(), Err(NoAnswer::Ended(_))));
}

fn streaming_for_ever(lesson: &Lesson) -> Client {
    let mut client = lesson.ask(get("/stream?n=1000&ms=1000", ""));
    until("the first line has come", || {
        String::from_utf8_lossy(client.received()).contains("line 1")
    });
    client
}

/// What a client of the crowd saw.
#[derive(Default)]
struct Seen {
    answers: usize,
    /// Answers of which only a part came.
    halves: usize,
    /// Connections that ended although the last answer had said that they stay.
    surprises: usize,
}

/// Asks until the server is gone. A request on a connection of its own that got no byte of an
/// answer was never accepted, or not read before the end of the listener: nobody promised it.
fn crowd(address: SocketAddr, stays: bool, done: &AtomicUsize) -> Seen {
    let mut seen = Seen::default();
    let question = get("/sleep?ms=2", if stays { "" } else { CLOSE });
    while let Ok(mut client) = Client::connect(1, address, GUARD, Transcript::default()) {
        let mut promised = false;
        loop {
            // If it fails, there may be an answer all the same.
            let _ = client.send(question.as_bytes());
            match client.answer() {
                Ok(answer) => {
                    assert!(matches!(answer.status, 200 | 503), "{answer:?}");
                    seen.answers += 1;
                    done.fetch_add(1, Ordering::SeqCst);
                    promised = !answer.says_close();
                }
                Err(_) => {
                    seen.halves += usize::from(!client.received().is_empty());
                    seen.surprises += usize::from(promised);
                    break;
                }
            }
            if !promised {
                break;
            }
        }
    }
    seen
}

#[test]
fn under_load_every_answer_that_begins_is_whole_and_the_exit_is_clean() {
    let mut lesson = Lesson::start("--quiet --threads 4");
    let address = lesson.address;
    let done = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..8)
        .map(|number| {
            let done = Arc::clone(&done);
            thread::spawn(move || crowd(address, number % 2 == 0, &done))
        })
        .collect();
    until("the crowd is at work", || done.load(Ordering::SeqCst) > 200);
    lesson.signal(Signal::TERM);
    assert_eq!(lesson.exit_code(), Some(0), "{}", lesson.said());
    for client in clients {
        let seen = client.join().unwrap();
        assert!(seen.answers > 0);
        assert_eq!((seen.halves, seen.surprises), (0, 0));
    }
}

#[test]
fn every_request_that_was_accepted_before_the_stop_has_its_full_answer() {
    for stays in [true, false] {
        let mut lesson = Lesson::start("--quiet --threads 4 --queue 64");
        let fields = if stays { "" } else { CLOSE };
        let together = Barrier::new(33);
        let address = lesson.address;
        thread::scope(|scope| {
            let clients: Vec<_> = (0..32)
                .map(|_| {
                    scope.spawn(|| {
                        let mut client = connect(address);
                        client
                            .send(get("/sleep?ms=100", fields).as_bytes())
                            .unwrap();
                        together.wait();
                        let answer = expect(&mut client, 200);
                        expect_close(&mut client);
                        answer.says_close()
                    })
                })
                .collect();
            // All have sent; most of them wait in the queue, some perhaps in the kernel's.
            together.wait();
            lesson.signal(Signal::TERM);
            let said: Vec<bool> = clients.into_iter().map(|one| one.join().unwrap()).collect();
            // The very first may have had their heads before the signal.
            assert!(
                said.iter().filter(|close| **close).count() >= 24,
                "{said:?}"
            );
        });
        assert_eq!(lesson.exit_code(), Some(0));
    }
}
