//! The load against little servers, each with one habit. Shapes and orders, never times.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use load::reader::Fault;
use load::{Failure, NotAsAsked, Outcome, Plan, Progress, Question, Schedule};

const MS: Duration = Duration::from_millis(1);

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Starts a server that does something with each connection, on a thread of its own.
fn server(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream.unwrap()));
        }
    });
    address
}

/// Starts a server for which one connection comes after the other.
fn one_at_a_time(mut serve: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.unwrap());
        }
    });
    address
}

/// Reads a request: its head as text, and its body. `None`: there are no more.
fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.split("Content-Length: ").nth(1);
    let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// Reads one request and says something.
fn answer(stream: TcpStream, text: &str) {
    let mut stream = BufReader::new(stream);
    if request(&mut stream).is_some() {
        // The client may have given up.
        let _ = stream.get_mut().write_all(text.as_bytes());
    }
}

/// So many requests, ten milliseconds apart, and nobody who is in a hurry.
fn plan(address: SocketAddr, count: u32) -> Plan {
    let question = Question::get(address.to_string(), "/");
    let schedule = Schedule::even(100.0, MS * 10 * count);
    Plan {
        patience: Duration::from_secs(60),
        // The machine that runs the tests may be very busy, and no test is about that.
        tolerance: Duration::from_secs(60),
        ..Plan::new(address, question, schedule)
    }
}

fn run(plan: &Plan) -> Outcome {
    plan.run(|_| ControlFlow::Continue(())).unwrap()
}

/// The failures, without how often each has happened.
fn reasons(outcome: &Outcome) -> Vec<Failure> {
    outcome.failures().into_keys().collect()
}

#[test]
fn requests_are_sent_when_they_are_due_and_not_when_others_are_answered() {
    // Nobody is answered before all have asked. A client that waits would wait for ever.
    let all_have_asked = Barrier::new(20);
    let address = server(move |stream| {
        all_have_asked.wait();
        answer(stream, OK);
    });
    let outcome = run(&plan(address, 20));
    assert_eq!(outcome.answered().count(), 20, "{:?}", outcome.failures());
    assert!(outcome.latency(0) > Duration::ZERO);
    // The first had to wait until the last was due.
    assert!(outcome.records[0].latency() >= MS * 190);
    assert_eq!(outcome.not_as_asked(), None);
}

#[test]
fn no_request_is_sent_before_it_is_due() {
    let address = server(|stream| answer(stream, OK));
    let outcome = run(&plan(address, 30));
    for (index, record) in (0..).zip(&outcome.records) {
        assert_eq!(record.due, MS * 10 * index);
        assert!(record.sent.unwrap() >= record.due && record.over >= record.sent.unwrap());
    }
}

#[test]
fn a_server_that_stalls_is_slow_for_all_who_wanted_to_ask_meanwhile() {
    let mut count = 0;
    let address = one_at_a_time(move |stream| {
        count += 1;
        if count == 1 {
            thread::sleep(MS * 400);
        }
        answer(stream, OK);
    });
    let outcome = run(&plan(address, 60));
    assert_eq!(outcome.answered().count(), 60);
    // One request was served slowly. Those that were due in the first half of the stall have all
    // had to wait for half of it at least.
    let slow = outcome.answered().filter(|one| one.latency() > MS * 200);
    assert!(slow.count() >= 20, "coordinated omission");
}

#[test]
fn errors_are_told_apart() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    assert_eq!(reasons(&run(&plan(address, 3))), [Failure::Refused]);

    let answers = [
        ("", Failure::Closed),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
            Failure::Broken(Fault::Truncated),
        ),
        ("nonsense\r\n\r\n", Failure::Broken(Fault::Head)),
        (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            Failure::Status(503),
        ),
    ];
    for (text, failure) in answers {
        let address = server(move |stream| answer(stream, text));
        let outcome = run(&plan(address, 3));
        assert_eq!(reasons(&outcome), [failure], "{text:?}");
        assert_eq!(outcome.failed().count(), 3);
    }
}

#[test]
fn a_reset_is_no_end() {
    let address = server(|stream| {
        // Closing with something unread is a reset.
        let mut first = [0];
        (&stream).read_exact(&mut first).unwrap();
    });
    let outcome = run(&plan(address, 3));
    assert_eq!(reasons(&outcome), [Failure::Reset]);
}

#[test]
fn patience_ends_after_the_moment_at_which_the_request_was_due() {
    let address = server(|mut stream| {
        // Until the client goes.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let plan = Plan {
        patience: MS * 150,
        ..plan(address, 5)
    };
    let outcome = run(&plan);
    assert_eq!(reasons(&outcome), [Failure::Late]);
    for record in &outcome.records {
        assert!(record.latency() >= MS * 150);
    }
    assert_eq!(
        outcome.latency(990),
        Duration::ZERO,
        "a failure is no latency"
    );
}

#[test]
fn an_answer_that_ends_with_the_connection_and_one_in_chunks_are_whole() {
    for text in [
        "HTTP/1.0 200 OK\r\n\r\nslept",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nslept\r\n0\r\n\r\n",
    ] {
        let address = server(move |stream| answer(stream, text));
        let plan = Plan {
            keeps_answers: true,
            ..plan(address, 3)
        };
        let outcome = run(&plan);
        assert_eq!(outcome.answered().count(), 3, "{text:?}");
        let answers = outcome.records.iter().map(|one| one.answer.as_slice());
        assert!(answers.into_iter().all(|answer| answer == text.as_bytes()));
    }
}

#[test]
fn a_body_is_sent_whole_and_the_answer_comes_back() {
    let address = server(|stream| {
        let mut stream = BufReader::new(stream);
        let (head, body) = request(&mut stream).unwrap();
        assert!(head.starts_with("POST /echo HTTP/1.1\r\n") && head.contains("close"));
        let length = body.len();
        let head = format!("HTTP/1.1 201 Created\r\nContent-Length: {length}\r\n\r\n");
        stream.get_mut().write_all(head.as_bytes()).unwrap();
        stream.get_mut().write_all(&body).unwrap();
    });
    // More than any socket takes at once.
    let body: Vec<u8> = (0..8_000_000_u32)
        .map(|index| (index % 251) as u8)
        .collect();
    let plan = Plan {
        question: Question::post(address.to_string(), "/echo", "application/x", body.clone()),
        keeps_answers: true,
        ..plan(address, 2)
    };
    let outcome = run(&plan);
    for record in &outcome.records {
        assert_eq!(record.result, Ok(201));
        assert!(record.answer.ends_with(&body));
    }
}

/// A server that keeps connections for so many requests each, and counts both.
fn keeping(most: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = server(move |stream| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut stream = BufReader::new(stream);
        for _ in 0..most {
            if request(&mut stream).is_none() {
                return;
            }
            // It does not say that it will close.
            stream.get_mut().write_all(OK.as_bytes()).unwrap();
        }
    });
    (address, connections)
}

#[test]
fn connections_are_kept_where_that_is_wanted_and_closed_where_not() {
    let (address, connections) = keeping(usize::MAX);
    let mut plan = plan(address, 20);
    assert_eq!(run(&plan).answered().count(), 20);
    assert_eq!(connections.swap(0, Ordering::SeqCst), 20);
    plan.question = plan.question.kept();
    assert_eq!(run(&plan).answered().count(), 20);
    // On a busy machine a request may be due before the last was answered; then it opens another.
    assert!(connections.load(Ordering::SeqCst) < 20);
}

#[test]
fn a_kept_connection_that_the_server_has_closed_is_not_used_again() {
    let (address, connections) = keeping(1);
    let mut plan = plan(address, 1);
    plan.question = plan.question.kept();
    // Far apart: the end of a connection arrives before the next request is due.
    plan.schedule = Schedule::of((0..3).map(|index| MS * 300 * index).collect());
    let outcome = run(&plan);
    assert_eq!(outcome.answered().count(), 3, "{:?}", outcome.failures());
    assert_eq!(connections.load(Ordering::SeqCst), 3);
}

#[test]
fn a_request_that_crosses_with_the_end_of_its_connection_is_told_apart() {
    let address = server(|stream| {
        let mut stream = BufReader::new(stream);
        // One answer, and for the next request none.
        let _ = request(&mut stream);
        stream.get_mut().write_all(OK.as_bytes()).unwrap();
        let _ = request(&mut stream);
    });
    let mut plan = plan(address, 2);
    plan.question = plan.question.kept();
    plan.schedule = Schedule::of(vec![Duration::ZERO, MS * 300]);
    let outcome = run(&plan);
    assert_eq!(reasons(&outcome), [Failure::ClosedWhenReused]);
}

#[test]
fn whoever_watches_may_stop_it() {
    let address = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let mut last = Progress::default();
    let outcome = plan(address, 1000).run(|progress| {
        last = *progress;
        match progress.due {
            0..5 => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.not_as_asked(), Some(NotAsAsked::Stopped));
    assert_eq!(
        outcome.records.len(),
        last.due,
        "what was not due is no failure"
    );
    assert_eq!(reasons(&outcome), [Failure::Stopped]);
    assert_eq!((last.answered, last.failed), (0, 0));
}

#[test]
fn too_many_at_once_is_a_failure_of_the_client() {
    let address = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let plan = Plan {
        patience: MS * 300,
        most_at_once: 2,
        ..plan(address, 8)
    };
    let outcome = run(&plan);
    let not_sent = outcome.failures()[&Failure::NotSent];
    assert!((1..=6).contains(&not_sent), "{:?}", outcome.failures());
    assert_eq!(outcome.not_as_asked(), Some(NotAsAsked::NotSent(not_sent)));
    let unsent = outcome.records.iter().filter(|one| one.sent.is_none());
    assert_eq!(unsent.count(), not_sent);
}

#[test]
fn a_client_that_could_not_keep_its_schedule_says_so() {
    let address = server(|stream| answer(stream, OK));
    let plan = Plan {
        tolerance: MS * 50,
        ..plan(address, 30)
    };
    // A thread that does something else while requests are due.
    let outcome = plan.run(|_| {
        thread::sleep(MS * 200);
        ControlFlow::Continue(())
    });
    let outcome = outcome.unwrap();
    assert!(
        matches!(outcome.not_as_asked(), Some(NotAsAsked::Late(by)) if by > MS * 50),
        "{:?}",
        outcome.lateness(990)
    );
    // And what they waited for it is counted.
    assert!(outcome.latency(1000) > MS * 50);
}
