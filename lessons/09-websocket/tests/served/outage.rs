//! First the outage: sockets that stay with their workers.

use std::time::Duration;

use check::client::{Client, NoAnswer};
use check::server::Launch;
use check::transcript::Transcript;
use check::workshop;

use crate::house::{Speaker, expect_hello, get, lesson};

#[test]
fn as_many_quiet_sockets_as_workers_stop_a_server_that_leaves_them_with_its_workers() {
    let example = workshop::example("lesson09", "sockets_own_workers").unwrap();
    let flags = "--quiet --threads 2";
    let server = Launch::lesson(example, flags).start(None).unwrap();
    let mut first = Speaker::open(server.address(), "/ws/echo");
    expect_hello(server.address());
    let second = Speaker::open(server.address(), "/ws/echo");
    let patience = Duration::from_secs(2);
    let mut third = Client::connect(1, server.address(), patience, Transcript::default()).unwrap();
    third
        .send(get("/", "Connection: close\r\n").as_bytes())
        .unwrap();
    assert_eq!(third.answer(), Err(NoAnswer::Silence));
    // The sockets themselves are served as well as ever.
    first.say_text("anybody there?");
    assert_eq!(first.hear_text(), "anybody there?");
    second.client.leave();
    kit::patience::until("a worker is free", || third.is_answered());
}

#[test]
fn nobody_can_be_woken_there_so_what_others_say_comes_when_one_says_something() {
    let example = workshop::example("lesson09", "sockets_own_workers").unwrap();
    let flags = "--quiet --threads 2";
    let server = Launch::lesson(example, flags).start(None).unwrap();
    let mut ada = Speaker::open(server.address(), "/ws/chat?name=Ada");
    assert!(ada.hear_text().contains("came"));
    let mut bob = Speaker::open(server.address(), "/ws/chat?name=Bob");
    assert!(bob.hear_text().contains("Bob"));
    bob.say_text("hello, Ada");
    assert!(bob.hear_text().contains("hello, Ada"));
    ada.client
        .wait_until(std::time::Instant::now() + Duration::from_secs(1));
    ada.say(0x89, b"");
    let (first, _) = ada.hear();
    assert_eq!(
        first, 0x8A,
        "the pong to her own ping is all that comes before she speaks"
    );
    assert!(ada.hear_text().contains("Bob"));
}

#[test]
fn in_the_lesson_any_number_of_sockets_leaves_all_workers_free() {
    let server = lesson("--threads 2");
    let mut sockets: Vec<_> = (0..50)
        .map(|_| Speaker::open(server.address(), "/ws/echo"))
        .collect();
    expect_hello(server.address());
    for (number, socket) in sockets.iter_mut().enumerate() {
        socket.say_text(&number.to_string());
        assert_eq!(socket.hear_text(), number.to_string());
    }
}
