//! Who waits for whom: nobody for anybody, until there are as many threads as there may be.

use std::collections::BTreeSet;

use check::client::Client;
use kit::patience::eventually;

use crate::running::{Running, number};

#[test]
fn fifty_requests_sleep_at_the_same_time() {
    let server = Running::lesson("--quiet");
    let mut clients: Vec<Client> = (0..50).map(|_| server.ask("/sleep?ms=2000")).collect();
    let answers: Vec<_> = clients
        .iter_mut()
        .map(|client| client.answer().unwrap())
        .collect();
    let times = |name| answers.iter().map(move |answer| number(answer, name));
    let last_start = times("started_ms").fold(f64::MIN, f64::max);
    let first_finish = times("finished_ms").fold(f64::MAX, f64::min);
    assert!(
        last_start < first_finish,
        "the last one began {} ms after the first one had finished",
        last_start - first_finish
    );
    let threads: BTreeSet<_> = answers
        .iter()
        .map(|answer| answer.text().split('"').nth(5).unwrap().to_owned())
        .collect();
    assert_eq!(threads.len(), 50, "a thread for each: {threads:?}");
    assert!(times("pid").all(|pid| pid == f64::from(server.pid())));
}

#[test]
fn clients_that_say_nothing_or_not_enough_hold_up_nobody() {
    let server = Running::lesson("--quiet");
    let mut silent = server.connect();
    let mut half = server.connect();
    half.send(b"GET / HT").unwrap();
    let mut stingy = server.connect();
    let request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfour";
    stingy.send(request.as_bytes()).unwrap();
    for _ in 0..20 {
        assert_eq!(server.get("/").unwrap().text(), "Hello, World!");
    }
    for client in [&mut silent, &mut half, &mut stingy] {
        assert_eq!((client.end(), client.received()), (None, &b""[..]));
    }
    // They were not given up: each can still go on.
    half.send(b"TP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(half.answer().unwrap().status, 200);
    stingy.send(b"andsix").unwrap();
    assert_eq!(stingy.answer().unwrap().text(), "fourandsix");
}

#[test]
fn a_newer_client_is_not_behind_a_slow_one() {
    let server = Running::lesson("--quiet");
    let mut slow = server.ask("/sleep?ms=3000");
    assert_eq!(server.get("/").unwrap().status, 200);
    assert!(!slow.is_answered());
    assert_eq!(slow.answer().unwrap().status, 200);
}

#[test]
fn with_as_many_threads_as_there_may_be_further_clients_wait_and_are_served() {
    let server = Running::lesson("--quiet --max-threads 2");
    let mut sleepers = [server.ask("/sleep?ms=1500"), server.ask("/sleep?ms=1500")];
    let mut third = server.ask("/");
    assert!(eventually(|| server.threads() == 3), "{}", server.threads());
    assert!(!third.is_answered());
    assert_eq!(third.answer().unwrap().status, 200);
    assert!(
        sleepers.iter_mut().any(Client::is_answered),
        "it was served before there was room"
    );
    for sleeper in &mut sleepers {
        assert_eq!(sleeper.answer().unwrap().status, 200);
    }
}

#[test]
fn a_long_queue_behind_a_single_thread_is_served_to_its_end() {
    let server = Running::lesson("--quiet --max-threads 1");
    let mut clients: Vec<_> = (0..60).map(|_| server.ask("/sleep?ms=5")).collect();
    for client in &mut clients {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    assert!(server.threads() <= 2);
}

#[test]
fn an_application_is_told_that_other_threads_may_call_it_too() {
    let server = Running::lesson("--quiet");
    let environ = server.get("/environ").unwrap().text();
    assert!(environ.contains("wsgi.multithread = True\n"), "{environ}");
    assert!(environ.contains("wsgi.multiprocess = False\n"), "{environ}");
    assert!(
        environ.contains("SERVER_SOFTWARE = 'lesson06'\n"),
        "{environ}"
    );
}
