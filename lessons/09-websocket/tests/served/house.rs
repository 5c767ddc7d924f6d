//! The real binary, and clients of it.

use std::net::SocketAddr;
use std::time::Instant;

use check::answer::Answer;
use check::client::{Client, GUARD};
use check::server::{Launch, Server};
use check::transcript::Transcript;
use lesson09::frame::unmask;

/// The fields that ask for a WebSocket.
pub(crate) const ASKS: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The lesson itself, with these flags.
pub(crate) fn lesson(flags: &str) -> Server {
    let binary = env!("CARGO_BIN_EXE_lesson09");
    let flags = format!("--quiet {flags}");
    Launch::lesson(binary, &flags).start(None).unwrap()
}

/// A request for `target` with more header lines.
pub(crate) fn get(target: &str, fields: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// A client that has sent this.
pub(crate) fn ask(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Client {
    let mut client = Client::connect(1, address, GUARD, Transcript::default()).unwrap();
    // A server may answer and close before it has everything: the answer counts.
    let _ = client.send(bytes.as_ref());
    client
}

/// Asserts that an ordinary client is served.
#[track_caller]
pub(crate) fn expect_hello(address: SocketAddr) {
    let mut client = ask(address, get("/", "Connection: close\r\n"));
    assert_eq!(client.answer().unwrap().text(), "Hello, World!");
}

/// A WebSocket from a client's side.
pub(crate) struct Speaker {
    pub(crate) client: Client,
    pub(crate) answer: Answer,
    /// How much of what has come has been looked at.
    seen: usize,
}

impl Speaker {
    /// Opens a socket.
    #[track_caller]
    pub(crate) fn open(address: SocketAddr, target: &str) -> Speaker {
        Speaker::open_with(address, target, "", b"")
    }

    /// Opens one with further fields, and says this in the same packet.
    #[track_caller]
    pub(crate) fn open_with(
        address: SocketAddr,
        target: &str,
        fields: &str,
        behind: &[u8],
    ) -> Speaker {
        let mut bytes = get(target, &format!("{ASKS}{fields}")).into_bytes();
        bytes.extend(behind);
        let mut client = ask(address, bytes);
        let answer = client.next_answer(true).unwrap();
        assert_eq!(answer.status, 101, "{answer:?}");
        Speaker {
            client,
            answer,
            seen: 0,
        }
    }

    pub(crate) fn say(&mut self, first: u8, payload: &[u8]) {
        self.client.send(&frame(first, payload)).unwrap();
    }

    pub(crate) fn say_text(&mut self, text: &str) {
        self.say(0x81, text.as_bytes());
    }

    /// The next frame.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> (u8, Vec<u8>) {
        let guard = Instant::now() + GUARD;
        loop {
            let (received, end) = self.client.look();
            if let Some((heard, size)) = parse(&received[self.seen..]) {
                self.seen += size;
                return heard;
            }
            assert!(end.is_none(), "the connection has ended");
            assert!(Instant::now() < guard, "nothing comes");
            self.client.wait_until(guard);
        }
    }

    /// The next text.
    #[track_caller]
    pub(crate) fn hear_text(&mut self) -> String {
        let (first, payload) = self.hear();
        assert_eq!(first, 0x81, "{payload:?}");
        String::from_utf8(payload).unwrap()
    }

    /// The number of the close frame that comes next, behind anything else, and then the end.
    #[track_caller]
    pub(crate) fn hear_end(&mut self) -> u16 {
        loop {
            let (first, payload) = self.hear();
            if first == 0x88 {
                let code = payload.first_chunk().copied().map(u16::from_be_bytes);
                assert!(self.client.wait_for_end().is_some(), "it stays open");
                return code.unwrap_or(1005);
            }
        }
    }
}

/// A client's frame.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            frame.push(0xFE);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0xFF);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [1, 2, 3, 4];
    frame.extend(mask);
    let mut payload = payload.to_vec();
    unmask(&mut payload, mask, 0);
    frame.extend(payload);
    frame
}

fn parse(bytes: &[u8]) -> Option<((u8, Vec<u8>), usize)> {
    let [first, short, rest @ ..] = bytes else {
        return None;
    };
    let (length, rest) = match short {
        126 => (
            usize::from(u16::from_be_bytes(*rest.first_chunk()?)),
            &rest[2..],
        ),
        127 => (
            u64::from_be_bytes(*rest.first_chunk()?) as usize,
            &rest[8..],
        ),
        short => (usize::from(*short), rest),
    };
    let payload = rest.get(..length)?;
    let size = bytes.len() - rest.len() + length;
    Some(((*first, payload.to_vec()), size))
}
