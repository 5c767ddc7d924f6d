//! A client that speaks WebSocket.

use std::time::Instant;

use crate::answer::Answer;
use crate::client::Client;
use crate::outcome::{Finding, Verdict};
use crate::world::World;

/// A key, and what belongs to it (RFC 6455 §1.3).
pub(super) const KEY: (&str, &str) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

/// The fields that ask for a WebSocket.
pub(super) fn fields(key: &str) -> String {
    format!(
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {key}\r\n"
    )
}

/// A frame of a client: the first byte, and a payload that gets a mask.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..65536 => {
            frame.push(0xFE);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0xFF);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

/// What a server has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) first: u8,
    pub(super) payload: Vec<u8>,
}

impl Heard {
    /// The number of a close frame.
    pub(super) fn code(&self) -> Option<u16> {
        let code = self.payload.first_chunk().copied();
        code.filter(|_| self.first == 0x88).map(u16::from_be_bytes)
    }

    fn shown(&self) -> String {
        match (self.first, self.code()) {
            (0x88, Some(code)) => format!("close {code}"),
            (0x88, None) => "an empty close".to_owned(),
            (first, _) => {
                let start = &self.payload[..self.payload.len().min(20)];
                format!("{first:#04x} {}", start.escape_ascii())
            }
        }
    }
}

/// An open socket.
pub(super) struct Speaker {
    pub(super) client: Client,
    pub(super) answer: Answer,
    seen: usize,
}

impl Speaker {
    pub(super) fn open(world: &World) -> Result<Speaker, Finding> {
        Speaker::open_with(world, "", &[])
    }

    /// Opens a socket with further fields, and says this in the same packet.
    pub(super) fn open_with(world: &World, more: &str, behind: &[u8]) -> Result<Speaker, Finding> {
        Speaker::ask(world, &world.socket, more, behind)
    }

    /// Opens another socket of the server.
    pub(super) fn open_at(world: &World, path: &str) -> Result<Speaker, Finding> {
        Speaker::ask(world, path, "", &[])
    }

    fn ask(world: &World, path: &str, more: &str, behind: &[u8]) -> Result<Speaker, Finding> {
        let head = world.request("GET", path, &(fields(KEY.0) + more));
        let mut client = world.connect()?;
        client
            .send(&[head.as_bytes(), behind].concat())
            .map_err(wrong)?;
        let answer = client.next_answer(true)?;
        match answer.status {
            101 => Ok(Speaker {
                client,
                answer,
                seen: 0,
            }),
            status => Err(Finding::wrong(format!("wanted 101, got {status}"))),
        }
    }

    /// Says something. A server that has closed already is heard all the same.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        let _ = self.client.send(bytes);
    }

    /// The next frame; `None`: the connection has ended.
    pub(super) fn hear(&mut self, world: &World) -> Result<Option<Heard>, Finding> {
        let until = Instant::now() + world.patience;
        loop {
            let (received, end) = self.client.look();
            if let Some((heard, size)) = parse(&received[self.seen..])? {
                self.seen += size;
                return Ok(Some(heard));
            }
            if end.is_some() {
                return Ok(None);
            }
            if !self.client.wait_until(until) && Instant::now() >= until {
                return Err(Finding::wrong("nothing comes back"));
            }
        }
    }

    /// What comes up to a close or the end.
    pub(super) fn hear_all(&mut self, world: &World) -> Result<Vec<Heard>, Finding> {
        let mut all = Vec::new();
        while let Some(heard) = self.hear(world)? {
            let is_close = heard.first == 0x88;
            all.push(heard);
            if is_close {
                break;
            }
        }
        Ok(all)
    }

    /// These frames come next.
    pub(super) fn expect(&mut self, world: &World, wanted: &[(u8, &[u8])]) -> Verdict {
        for &(first, payload) in wanted {
            let heard = self.hear(world)?;
            let is_it = |heard: &Heard| heard.first == first && heard.payload == payload;
            if !heard.as_ref().is_some_and(is_it) {
                let wanted = Heard {
                    first,
                    payload: payload.to_vec(),
                }
                .shown();
                let got = heard.map_or("the end".to_owned(), |heard| heard.shown());
                return Err(Finding::wrong(format!("wanted {wanted}, got {got}")));
            }
        }
        Ok(())
    }

    /// A close with one of these numbers comes next (none of them: an empty one), and then the end
    /// of the connection, which is the server's to begin (RFC 6455 §7.1.1).
    pub(super) fn expect_close(&mut self, world: &World, codes: &[u16]) -> Verdict {
        let all = self.hear_all(world)?;
        match all.last() {
            Some(last) if last.first == 0x88 => match last.code() {
                Some(code) if codes.contains(&code) => {}
                None if codes.is_empty() => {}
                _ => {
                    let got = last.shown();
                    return Err(Finding::wrong(format!("wanted close {codes:?}, got {got}")));
                }
            },
            // It MUST fail the connection, and SHOULD say why (§7.1.7).
            None if !codes.is_empty() => {
                return Err(Finding::Should(
                    "it closes, and does not say why".to_owned(),
                ));
            }
            _ => return Err(Finding::wrong("it ends without a close frame")),
        }
        match self.client.wait_for_end() {
            Some(_) => Ok(()),
            None => Err(Finding::wrong(
                "it says close and keeps the connection open",
            )),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Option<(Heard, usize)>, Finding> {
    let [first, short, rest @ ..] = bytes else {
        return Ok(None);
    };
    if short & 0x80 != 0 {
        return Err(Finding::wrong("the server masks its frames"));
    }
    let (head, length) = match short {
        126 => (
            2,
            rest.first_chunk()
                .map(|two| u64::from(u16::from_be_bytes(*two))),
        ),
        127 => (
            8,
            rest.first_chunk().map(|eight| u64::from_be_bytes(*eight)),
        ),
        short => (0, Some(u64::from(*short))),
    };
    let payload = length.and_then(|length| rest[head..].get(..usize::try_from(length).ok()?));
    Ok(payload.map(|payload| {
        let heard = Heard {
            first: *first,
            payload: payload.to_vec(),
        };
        (heard, 2 + head + payload.len())
    }))
}

fn wrong(error: std::io::Error) -> Finding {
    Finding::wrong(error.to_string())
}
