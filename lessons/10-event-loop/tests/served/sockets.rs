//! Lesson 9's WebSockets on the loop, without its thread.

use std::time::Instant;

use check::client::{Client, GUARD};
use lesson09::frame::unmask;
use rustix::process::Signal;

use crate::house::{Lesson, get};

/// The fields that ask for a WebSocket.
const ASKS: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A WebSocket from a client's side. What it hears in these tests is short.
struct Speaker {
    client: Client,
    seen: usize,
}

impl Speaker {
    #[track_caller]
    fn open(lesson: &Lesson, target: &str, behind: &[u8]) -> Speaker {
        let mut bytes = get(target, ASKS).into_bytes();
        bytes.extend(behind);
        let mut client = lesson.ask(bytes);
        assert_eq!(client.next_answer(true).unwrap().status, 101);
        Speaker { client, seen: 0 }
    }

    fn say(&mut self, first: u8, payload: &[u8]) {
        self.client.send(&frame(first, payload)).unwrap();
    }

    /// The next frame.
    #[track_caller]
    fn hear(&mut self) -> (u8, Vec<u8>) {
        let guard = Instant::now() + GUARD;
        loop {
            let (received, end) = self.client.look();
            if let [first, length, rest @ ..] = &received[self.seen..]
                && let Some(payload) = rest.get(..usize::from(*length))
            {
                let heard = (*first, payload.to_vec());
                self.seen += 2 + heard.1.len();
                return heard;
            }
            assert!(end.is_none(), "the connection has ended");
            assert!(self.client.wait_until(guard), "nothing comes");
        }
    }

    #[track_caller]
    fn hear_text(&mut self) -> String {
        let (first, payload) = self.hear();
        assert_eq!(first, 0x81);
        String::from_utf8(payload).unwrap()
    }
}

/// A client's frame with a short payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut masked = payload.to_vec();
    unmask(&mut masked, mask, 0);
    let length = 0x80 | u8::try_from(payload.len()).unwrap();
    [&[first, length][..], &mask, &masked].concat()
}

#[test]
fn any_number_of_them_is_served_by_the_one_thread_that_serves_everybody() {
    for workers in ["", "--workers 2"] {
        let lesson = Lesson::start(&format!("--ping 3600 {workers}"));
        lesson.expect_hello();
        let threads = lesson.processes().threads();
        let first = frame(0x81, b"in the packet of the handshake");
        let mut sockets: Vec<_> = (0..50)
            .map(|_| Speaker::open(&lesson, "/ws/echo", &first))
            .collect();
        for (number, socket) in sockets.iter_mut().enumerate() {
            assert_eq!(socket.hear_text(), "in the packet of the handshake");
            socket.say(0x81, number.to_string().as_bytes());
            assert_eq!(socket.hear_text(), number.to_string());
        }
        lesson.expect_hello();
        assert_eq!(lesson.processes().threads(), threads);
    }
}

#[test]
fn what_one_says_reaches_another_that_is_quiet() {
    let lesson = Lesson::start("");
    let mut ada = Speaker::open(&lesson, "/ws/chat?name=Ada", b"");
    assert!(ada.hear_text().contains("came"));
    let mut bob = Speaker::open(&lesson, "/ws/chat?name=Bob", b"");
    assert!(bob.hear_text().contains("Bob"));
    assert!(ada.hear_text().contains("Bob"));
    bob.say(0x81, b"hello, Ada");
    assert!(ada.hear_text().contains("hello, Ada"));
}

#[test]
fn quiet_ones_are_pinged_and_those_that_do_not_answer_are_let_go() {
    let lesson = Lesson::start("--ping 0.3 --patience 0.3");
    let mut socket = Speaker::open(&lesson, "/ws/echo", b"");
    let (first, payload) = socket.hear();
    assert_eq!(first, 0x89);
    socket.say(0x8A, &payload);
    assert_eq!(socket.hear().0, 0x89);
    assert!(socket.client.wait_for_end().is_some());
}

#[test]
fn at_a_stop_everybody_hears_1001_and_a_house_whose_clients_agree_ends_in_order() {
    for workers in ["", "--workers 2"] {
        let mut lesson = Lesson::start(&format!("--ping 3600 {workers}"));
        let mut sockets: Vec<_> = (0..10)
            .map(|_| Speaker::open(&lesson, "/ws/echo", b""))
            .collect();
        lesson.signal(Signal::TERM);
        for socket in &mut sockets {
            let (first, payload) = socket.hear();
            assert_eq!((first, &payload[..2]), (0x88, &1001u16.to_be_bytes()[..]));
            socket.say(0x88, &payload);
            assert!(socket.client.wait_for_end().is_some());
        }
        assert_eq!(lesson.exit_code(), Some(0), "{}", lesson.said());
    }
}

#[test]
fn one_that_does_not_agree_holds_the_stop_up_for_its_time_and_no_longer() {
    let mut lesson = Lesson::start("--stop-timeout 1 --patience 3600");
    let mut socket = Speaker::open(&lesson, "/ws/echo", b"");
    lesson.signal(Signal::TERM);
    assert_eq!(socket.hear().0, 0x88);
    assert_eq!(lesson.exit_code(), Some(1));
}
