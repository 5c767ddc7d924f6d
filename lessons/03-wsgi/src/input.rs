//! The request's body, as the application reads it: `wsgi.input`.

// ANCHOR: imports
use std::io::{self, BufRead, ErrorKind, Read};
use std::time::{Duration, Instant};

use lesson02::{Connection, Page};
use terminal::{Arguments, Flag, UsageError};
// ANCHOR_END: imports

// ANCHOR: input
/// The stream that PEP 3333 names `wsgi.input`.
///
/// It ends where the body ends, whatever else the connection may hold, and it is lazy: nothing is
/// received before it is asked for. Rust's own traits give it the methods that the PEP asks for:
///
/// | PEP 3333 | here |
/// |---|---|
/// | `read(size)`, `read()` | [`Read::read`], [`Read::read_to_end`] |
/// | `readline()` | [`BufRead::read_until`], [`BufRead::read_line`] |
/// | `readlines()`, iteration | [`BufRead::split`], [`BufRead::lines`] |
pub struct Input<'r> {
    source: &'r dyn Source,
    buffer: Vec<u8>,
    start: usize,
}

/// Where an [`Input`] reads from.
pub trait Source {
    /// Reads a piece of the body; 0 means that it is over.
    fn read(&self, into: &mut [u8]) -> io::Result<usize>;
}

impl<'r> Input<'r> {
    /// A stream that reads from `source`.
    pub fn new(source: &'r dyn Source) -> Input<'r> {
        Input {
            source,
            buffer: Vec::new(),
            start: 0,
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let buffered = &self.buffer[self.start..];
        if buffered.is_empty() {
            return self.source.read(into);
        }
        let count = buffered.len().min(into.len());
        into[..count].copy_from_slice(&buffered[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Input<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        const PIECE: usize = 8 * 1024;
        if self.start == self.buffer.len() {
            self.buffer.resize(PIECE, 0);
            let outcome = self.source.read(&mut self.buffer);
            self.buffer.truncate(*outcome.as_ref().unwrap_or(&0));
            self.start = 0;
            outcome?;
        }
        Ok(&self.buffer[self.start..])
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.buffer.len());
    }
}
// ANCHOR_END: input

// ANCHOR: transport
/// What the gateway needs of a connection: bytes in before a deadline, bytes out.
///
/// Lesson 2's blocking connection is one. Later lessons bring others, and the bench uses memory.
pub trait Transport {
    /// Reads what has arrived, or waits for it until `deadline`; 0 means that the client is done.
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize>;

    /// Sends all of `bytes`.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl Transport for Connection {
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        Connection::read(self, into, deadline)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        Connection::send(self, bytes)
    }
}
// ANCHOR_END: transport

// ANCHOR: pace
/// How slowly a body may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Nothing is asked of a body for so long after its first read.
    pub grace: Duration,
    /// From then on the average must be so many bytes a second. A deadline for the whole body
    /// would punish slow lines; one for each read would let a client drip for ever.
    pub bytes_per_second: u64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            grace: Duration::from_secs(5),
            bytes_per_second: 500,
        }
    }
}

/// The pace as flags.
pub const PACE_FLAGS: &[Flag] = &[
    Flag {
        name: "body-timeout",
        value: "SECS",
        default: "5",
        help: "before a body must have its pace",
    },
    Flag {
        name: "body-rate",
        value: "BYTES",
        default: "500",
        help: "that pace, in bytes a second, then 408",
    },
];

impl Pace {
    /// The pace that a command line asks for.
    pub fn from_flags(flags: &Arguments) -> Result<Pace, UsageError> {
        let (grace, rate) = (flags.seconds("body-timeout")?, flags.number("body-rate")?);
        match rate {
            0 => Err(UsageError::new("--body-rate must be more than zero")),
            _ => Ok(Pace {
                grace,
                bytes_per_second: rate,
            }),
        }
    }

    /// When the next byte must have come, after `received` bytes.
    fn deadline(&self, started: Instant, received: u64) -> Instant {
        started + self.grace + Duration::from_millis(received * 1000 / self.bytes_per_second)
    }
}
// ANCHOR_END: pace

// ANCHOR: intake
/// Takes in the body of one request: what came with the head first, then from the connection.
#[derive(Debug)]
pub struct Intake<'b> {
    leftover: &'b [u8],
    remaining: u64,
    /// The client waits for `100 Continue` before it sends anything.
    awaits_go: bool,
    pace: Pace,
    started: Option<Instant>,
    received: u64,
    blame: Option<&'static str>,
}

impl<'b> Intake<'b> {
    /// A body of `length` bytes, of which `leftover` may hold some or all.
    pub fn new(leftover: &'b [u8], length: u64, expects_continue: bool, pace: Pace) -> Intake<'b> {
        let awaits_go = expects_continue && leftover.is_empty();
        let (started, received, blame) = (None, 0, None);
        Intake {
            leftover,
            remaining: length,
            awaits_go,
            pace,
            started,
            received,
            blame,
        }
    }

    /// Reads a piece of the body. `may_go` tells whether `100 Continue` can still be sent: once
    /// the final answer has begun to leave, it cannot.
    pub fn read(
        &mut self,
        transport: &mut dyn Transport,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize> {
        let wanted = into
            .len()
            .min(usize::try_from(self.remaining).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let into = &mut into[..wanted];
        let count = if self.leftover.is_empty() {
            if std::mem::take(&mut self.awaits_go) && may_go {
                transport.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            }
            self.receive(transport, into)?
        } else {
            self.leftover.read(into)?
        };
        self.remaining -= count as u64;
        Ok(count)
    }

    fn receive(&mut self, transport: &mut dyn Transport, into: &mut [u8]) -> io::Result<usize> {
        let started = *self.started.get_or_insert_with(Instant::now);
        let outcome = transport.read(into, self.pace.deadline(started, self.received));
        let outcome = match outcome {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            other => other,
        };
        match &outcome {
            Ok(count) => self.received += *count as u64,
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                self.blame = Some("408 Request Timeout");
            }
            Err(_) => self.blame = Some("400 Bad Request"),
        }
        outcome
    }

    /// Whether the client may still be sending.
    pub fn is_unread(&self) -> bool {
        self.remaining > self.leftover.len() as u64
    }

    /// What to answer when the application failed because the client did.
    pub fn blame(&self) -> Option<Page> {
        let status = self.blame?;
        let text = match status {
            "408 Request Timeout" => "the body came too slowly (RFC 9110 §15.5.9)",
            _ => "the body ended before its Content-Length (RFC 9112 §8)",
        };
        Some(Page::text(status, format!("{status}: {text}\n")))
    }
}
// ANCHOR_END: intake
