//! What comes back over a WebSocket: the answer to the handshake, and then each message.
//!
//! Like the reader of answers it is no judge; it must only never take something else for an echo.

use load::reader::Fault;

/// The longest answer to a handshake that is read.
const LONGEST: usize = 16 * 1024;

/// Every message: there is nothing in it that a server could answer by heart, as far as it knows.
const LETTER: u8 = b'x';

/// Reads what comes back.
#[derive(Debug)]
pub(crate) struct Echo {
    /// The answer to the handshake, as far as it has come; `None` once it has come.
    head: Option<Vec<u8>>,
    /// The frame that comes back.
    frame: Vec<u8>,
    /// How much of it has.
    came: usize,
}

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A part of something.
    Part,
    /// The answer to the handshake.
    Opened,
    /// A message, whole.
    Message,
}

impl Echo {
    /// Messages of so many bytes.
    pub(crate) fn new(size: usize) -> Echo {
        Echo {
            head: Some(Vec::new()),
            frame: answer(size),
            came: 0,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.head.is_none()
    }

    /// Takes in what has arrived.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Came, Fault> {
        if let Some(head) = &mut self.head {
            head.extend_from_slice(bytes);
            return match head.ends_with(b"\r\n\r\n") {
                true if head.starts_with(b"HTTP/1.1 101 ") => {
                    self.head = None;
                    Ok(Came::Opened)
                }
                true => Err(Fault::Head),
                false if head.len() > LONGEST => Err(Fault::Head),
                false => Ok(Came::Part),
            };
        }
        let expected = self.frame.get(self.came..self.came + bytes.len());
        match expected {
            None => return Err(Fault::Surplus),
            Some(expected) if expected != bytes => return Err(Fault::Body),
            Some(_) => self.came += bytes.len(),
        }
        if self.came < self.frame.len() {
            return Ok(Came::Part);
        }
        self.came = 0;
        Ok(Came::Message)
    }
}

/// The request that asks for a WebSocket.
pub(crate) fn opening(host: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

/// A client's message of so many bytes, with a mask.
pub fn question(size: usize) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = head(size);
    frame[1] |= 0x80;
    frame.extend(mask);
    frame.extend((0..size).map(|at| LETTER ^ mask[at % 4]));
    frame
}

/// The same message, as a server sends it back.
pub fn answer(size: usize) -> Vec<u8> {
    let mut frame = head(size);
    frame.resize(frame.len() + size, LETTER);
    frame
}

fn head(size: usize) -> Vec<u8> {
    const BINARY: u8 = 0x82;
    match size {
        0..126 => vec![BINARY, size as u8],
        126..65536 => [&[BINARY, 126], &(size as u16).to_be_bytes()[..]].concat(),
        _ => [&[BINARY, 127], &(size as u64).to_be_bytes()[..]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_counted_once_it_is_whole_and_nothing_else_is() {
        let mut echo = Echo::new(200);
        let switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        assert_eq!(echo.feed(&switch[..20]), Ok(Came::Part));
        assert_eq!(echo.feed(&switch[20..]), Ok(Came::Opened));
        let frame = answer(200);
        for _ in 0..2 {
            assert_eq!(echo.feed(&frame[..7]), Ok(Came::Part));
            assert_eq!(echo.feed(&frame[7..]), Ok(Came::Message));
        }
        assert_eq!(echo.feed(b"\x82\x02hi"), Err(Fault::Body));
        let surplus = [&frame[..], b"x"].concat();
        assert_eq!(
            Echo {
                head: None,
                ..Echo::new(200)
            }
            .feed(&surplus),
            Err(Fault::Surplus)
        );
        assert_eq!(
            Echo::new(1).feed(b"HTTP/1.1 200 OK\r\n\r\n"),
            Err(Fault::Head)
        );
    }

    #[test]
    fn a_question_is_its_answer_with_a_mask() {
        for (size, head) in [(32, 2), (200, 4), (70_000, 10)] {
            assert_eq!(question(size).len(), answer(size).len() + 4);
            assert_eq!(answer(size).len(), head + size);
        }
    }
}
