//! What little servers are made of. Each test takes what it needs.

#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use check::outcome::{Finding, Verdict};
use check::probes;
use check::world::World;

/// Serves with `serve` on a port of its own, each client in turn, until the tests end.
pub(crate) fn in_turn(serve: fn(TcpStream)) -> SocketAddr {
    start(serve)
}

/// The same, with a thread for each client.
pub(crate) fn in_threads(serve: fn(TcpStream)) -> SocketAddr {
    start(move |client| drop(thread::spawn(move || serve(client))))
}

pub(crate) fn start(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address
}

pub(crate) fn in_threads_with(
    serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static,
) -> SocketAddr {
    start(move |client| {
        let serve = serve.clone();
        drop(thread::spawn(move || serve(client)));
    })
}

pub(crate) fn run(probe: &str, address: SocketAddr) -> Verdict {
    run_with(probe, address, |_| ())
}

pub(crate) fn run_with(probe: &str, address: SocketAddr, change: fn(&mut World)) -> Verdict {
    let mut world = World::at(address);
    world.patience = Duration::from_millis(1200);
    world.hold = Duration::from_millis(1200);
    change(&mut world);
    probes::find(probe).unwrap().run(&world)
}

pub(crate) fn assert_wrong(probe: &str, address: SocketAddr, words: &str) {
    match run(probe, address) {
        Err(Finding::Wrong(text)) if text.contains(words) => {}
        other => panic!("{probe}: wanted wrong with {words:?}, got {other:?}"),
    }
}

pub(crate) fn assert_should(probe: &str, address: SocketAddr, words: &str) {
    match run(probe, address) {
        Err(Finding::Should(text)) if text.contains(words) => {}
        other => panic!("{probe}: wanted should with {words:?}, got {other:?}"),
    }
}

pub(crate) fn assert_not_applicable(probe: &str, address: SocketAddr) {
    let found = run(probe, address);
    assert!(
        matches!(found, Err(Finding::NotApplicable(_))),
        "{probe}: {found:?}"
    );
}

pub(crate) fn assert_allowed(probe: &str, address: SocketAddr, words: &str) {
    match run(probe, address) {
        Err(Finding::Allowed(text)) if text.contains(words) => {}
        other => panic!("{probe}: wanted allowed with {words:?}, got {other:?}"),
    }
}

/// The head of a request, or what there is of it.
pub(crate) fn read_head(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

pub(crate) const GOOD: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

pub(crate) fn say(mut client: &TcpStream, answer: &str) {
    // The client may have left, which is its right.
    let _ = client.write_all(answer.as_bytes());
}

pub(crate) fn good(mut client: TcpStream) {
    if read_head(&mut client).ends_with("\r\n\r\n") {
        say(&client, GOOD);
    }
}

pub(crate) fn good_with_deadline(client: TcpStream) {
    client
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    good(client);
}

/// A server whose every answer is this text.
pub(crate) fn always(answer: &'static str) -> SocketAddr {
    start(move |mut client| {
        if read_head(&mut client).ends_with("\r\n\r\n") {
            say(&client, answer);
        }
    })
}
