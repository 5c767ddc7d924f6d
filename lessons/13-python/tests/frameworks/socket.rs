//! A client that speaks WebSocket, as far as these tests need it (RFC 6455).

use std::time::Instant;

use check::answer::Answer;
use check::client::{Client, GUARD};

use crate::served::Served;

/// An open WebSocket.
pub(crate) struct Socket {
    client: Client,
    seen: usize,
}

impl Socket {
    /// Asks for a WebSocket: it is open, or this is the answer.
    pub(crate) fn open(served: &Served, path: &str) -> Result<Socket, Box<Answer>> {
        let mut client = served.client_that_sends(format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ));
        // As after HEAD, no body follows a 101.
        let answer = client.next_answer(true).unwrap();
        match answer.status {
            101 => {
                let accept = answer.field("sec-websocket-accept");
                assert_eq!(accept, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
                Ok(Socket { client, seen: 0 })
            }
            _ => Err(Box::new(answer)),
        }
    }

    /// Sends a frame whose first byte is this, with a mask that changes nothing.
    pub(crate) fn say(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.client.send(&frame).unwrap();
    }

    /// The first byte and the payload of the next frame.
    pub(crate) fn hear(&mut self) -> (u8, Vec<u8>) {
        let header = self.take(2);
        let length = match header[1] {
            126 => usize::from(u16::from_be_bytes(self.take(2).try_into().unwrap())),
            length => usize::from(length),
        };
        (header[0], self.take(length))
    }

    /// The next bytes. The client keeps what it has received, so we count what we have seen.
    fn take(&mut self, count: usize) -> Vec<u8> {
        let from = self.seen;
        self.seen += count;
        while self.client.received().len() < self.seen {
            let news = self.client.wait_until(Instant::now() + GUARD);
            assert!(news, "the socket says no more");
        }
        self.client.received()[from..self.seen].to_vec()
    }

    /// Whether the server has ended the connection, with no further word.
    pub(crate) fn ends(mut self) -> bool {
        self.client.wait_for_end().is_some() && self.client.received().len() == self.seen
    }
}
