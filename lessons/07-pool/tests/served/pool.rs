//! The pool as a library: its numbers, started and stopped by hand.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use kit::patience::until;
use lesson03::demo;
use lesson05::Ended;
use lesson07::PoolSettings;

use crate::house::{ask, bind, expect, expect_end, get, post_chunked, serve, serve_with};

#[test]
fn start_returns_when_somebody_stops_the_server_from_any_thread() {
    for _ in 0..20 {
        let served = serve(demo::application);
        let mut client = served.ask(get("/", "Connection: close\r\n"));
        expect(&mut client, 200);
        let server = Arc::clone(&served.server);
        thread::spawn(move || server.stop()).join().unwrap();
        assert_eq!(served.end(), Ended::Clean);
    }
}

#[test]
fn a_server_that_was_stopped_before_it_was_started_stops_at_once() {
    let server = bind(demo::application, PoolSettings::default());
    server.stop();
    assert_eq!(server.start().unwrap(), Ended::Clean);
}

#[test]
fn a_server_that_is_stopped_while_it_prepares_stops_as_well() {
    let server = bind(demo::application, PoolSettings::default());
    server.prepare().unwrap();
    server.stop();
    assert_eq!(server.serve().unwrap(), Ended::Clean);
    assert_eq!(server.pool().numbers().live, 0);
}

#[test]
fn to_stop_twice_is_to_stop_once() {
    let served = serve(demo::application);
    let mut client = served.ask(get("/sleep?ms=500", ""));
    until("the application sleeps", || {
        let numbers = served.server.pool().numbers();
        numbers.live - numbers.idle == 1
    });
    let server = Arc::clone(&served.server);
    let again = thread::spawn(move || {
        for _ in 0..20 {
            server.stop();
            thread::sleep(Duration::from_millis(20));
        }
    });
    assert!(
        expect(&mut client, 200).says_close(),
        "its answer was not lost"
    );
    again.join().unwrap();
    assert_eq!(served.end(), Ended::Clean);
}

#[test]
fn a_server_starts_once() {
    let served = serve(demo::application);
    expect(&mut served.ask(get("/", "")), 200);
    assert!(served.server.start().is_err(), "it serves now");
    expect(&mut served.ask(get("/", "")), 200);
    let server = Arc::clone(&served.server);
    assert_eq!(served.end(), Ended::Clean);
    assert!(server.start().is_err(), "it has served");
}

#[test]
fn a_stopped_server_listens_no_more() {
    let served = serve(demo::application);
    let address = served.server.address();
    expect(&mut served.ask(get("/", "Connection: close\r\n")), 200);
    assert_eq!(served.end(), Ended::Clean);
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn workers_that_are_sent_away_go_and_the_least_number_stays() {
    let settings = PoolSettings {
        threads: 2,
        max_threads: Some(6),
        ..PoolSettings::default()
    };
    let served = serve_with(demo::application, settings);
    let address = served.server.address();
    let pool = || served.server.pool().numbers();
    until("two workers", || pool().live == 2);
    let mut sleepers: Vec<_> = (0..6)
        .map(|_| ask(address, get("/sleep?ms=300", "Connection: close\r\n")))
        .collect();
    until("six workers", || pool().live == 6);
    for client in &mut sleepers {
        expect(client, 200);
        expect_end(client);
    }
    served.server.pool().shrink(3);
    until("three workers", || pool().live == 3);
    served.server.pool().shrink(100);
    until("two workers", || pool().live == 2);
    expect(&mut served.ask(get("/", "")), 200);
}

#[test]
fn the_stats_of_a_server_can_be_asked_for_by_its_owner() {
    let served = serve(demo::application);
    let mut client = served.ask(get("/", "").repeat(2));
    expect(&mut client, 200);
    expect(&mut client, 200);
    let stats = served.server.stats();
    assert_eq!(stats.accepted.get(), 1);
    until("both are counted", || stats.requests.get() == 2);
    assert_eq!(stats.kept_alive.get(), 1);
    assert_eq!(stats.bytes_out.get(), 26);
}

#[test]
fn bytes_are_counted_however_they_come() {
    let served = serve(demo::application);
    let body = "x".repeat(100_000);
    let length = format!("Content-Length: {}\r\n", body.len());
    let head = get("/echo", &length).replacen("GET", "POST", 1);
    let chunked = post_chunked("/echo", &format!("186a0\r\n{body}\r\n0\r\n\r\n"));
    let mut client = served.ask(head.clone() + &body);
    expect(&mut client, 200);
    client.send(chunked.as_bytes()).unwrap();
    expect(&mut client, 200);
    let stats = served.server.stats();
    until("both are counted", || stats.requests.get() == 2);
    let sent = head.len() + body.len() + chunked.len();
    assert_eq!(stats.bytes_in.get(), sent as u64);
}
