//! A panic costs its own connection, and no other.

use std::task::Waker;
use std::time::Instant;

use lesson03::{Body, Environ, Protocol, StartResponse, application};
use lesson07::Upgrader;
use lesson10::LoopSettings;

use crate::house::{Lesson, ask, expect, get, serve};

#[test]
fn a_panic_in_an_application_is_a_500_wherever_it_works() {
    for flags in ["--keep-alive 3600", "--keep-alive 3600 --workers 2"] {
        let lesson = Lesson::start(flags);
        let mut other = lesson.ask(get("/", ""));
        expect(&mut other, 200);
        let threads = lesson.processes().threads();
        for _ in 0..50 {
            expect(&mut lesson.ask(get("/panic", "")), 500);
        }
        other.send(get("/", "").as_bytes()).unwrap();
        expect(&mut other, 200);
        assert_eq!(lesson.processes().threads(), threads);
    }
}

/// Says what it is told, and panics whenever that is the name of one of its methods.
#[derive(Default)]
struct Fragile {
    heard: Vec<u8>,
}

impl Protocol for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn open(&mut self, _wake: Waker, out: &mut Vec<u8>) {
        out.extend_from_slice(b"open\n");
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> usize {
        assert!(bytes != b"receive\n", "as it was told to");
        out.extend_from_slice(bytes);
        self.heard = bytes.to_vec();
        bytes.len()
    }

    fn poll(&mut self, _now: Instant, _out: &mut Vec<u8>) -> Option<Instant> {
        assert!(self.heard != b"poll\n", "as it was told to");
        None
    }

    fn is_over(&self) -> bool {
        false
    }

    fn lost(&mut self) {
        assert!(self.heard != b"lost\n", "as it was told to");
    }
}

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(self.heard != b"drop\n", "as it was told to");
    }
}

struct AsItIs;

impl Upgrader for AsItIs {
    fn protocols(&self) -> &'static str {
        "fragile"
    }

    fn take_over(
        &self,
        _stream: Box<dyn lesson02::Stream>,
        mut protocol: Box<dyn Protocol>,
        _received: Vec<u8>,
    ) {
        protocol.lost(); // The loop keeps its connections.
    }
}

#[test]
fn a_panic_in_a_protocol_wherever_it_happens_ends_its_own_connection_and_nothing_else() {
    let app = application(|_: &mut Environ, start_response: StartResponse| {
        start_response.begin("101 Switching Protocols", &[])?;
        Ok(Body::Upgrade(Box::<Fragile>::default()))
    });
    let served = serve(app, LoopSettings::default(), |server| {
        server.set_upgrader(Some(std::sync::Arc::new(AsItIs)));
    });
    let question = get("/", "Connection: upgrade\r\nUpgrade: fragile\r\n");
    let open = || {
        let mut client = ask(served.address, &question);
        assert_eq!(client.next_answer(true).unwrap().status, 101);
        hear(&mut client, b"open\n");
        client
    };
    let mut other = open();
    for method in ["receive\n", "poll\n"] {
        let mut client = open();
        client.send(method.as_bytes()).unwrap();
        let guard = Instant::now() + check::client::GUARD;
        while client.end().is_none() && Instant::now() < guard {
            client.wait_until(guard);
        }
        assert!(client.end().is_some(), "{method}");
    }
    for method in ["lost\n", "drop\n"] {
        let mut client = open();
        client.send(method.as_bytes()).unwrap();
        hear(
            &mut client,
            [b"open\n", method.as_bytes()].concat().as_slice(),
        );
        client.leave();
    }
    other.send(b"still here?\n").unwrap();
    hear(&mut other, b"open\nstill here?\n");
    drop(other);
    served.end();
}

/// Waits until exactly this has come, from the beginning.
#[track_caller]
fn hear(client: &mut check::client::Client, words: &[u8]) {
    let guard = Instant::now() + check::client::GUARD;
    while client.received() != words && client.wait_until(guard) {}
    assert_eq!(
        String::from_utf8_lossy(client.received()),
        String::from_utf8_lossy(words)
    );
}

#[test]
fn a_panic_in_the_middle_of_a_body_ends_it_so_that_it_does_not_look_whole() {
    for workers in [0, 2] {
        let app = application(|_: &mut Environ, start_response: StartResponse| {
            start_response.begin("200 OK", &[("Content-Type", "text/plain")])?;
            let pieces = ["one", "two"].into_iter().map(|piece| Ok(piece.into()));
            let panics = std::iter::from_fn(|| panic!("as the test wants it"));
            Ok(Body::Chunks(Box::new(pieces.chain(panics))))
        });
        let settings = LoopSettings {
            workers,
            ..LoopSettings::default()
        };
        let served = serve(app, settings, |_| {});
        for _ in 0..3 {
            let mut client = ask(served.address, get("/", ""));
            assert!(client.answer().is_err());
            assert!(client.end().is_some());
        }
        served.end();
    }
}
