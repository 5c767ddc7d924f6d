//! The request's body, as the application reads it: `wsgi.input`.

// ANCHOR: imports
use std::io::{self, BufRead, Read};
use std::time::Instant;

use lesson02::Connection;
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

    /// Whether an end of the connection from now on must not look like the end of an answer.
    fn reset_on_close(&mut self, on: bool);
}

impl Transport for Connection {
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        Connection::read(self, into, deadline)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        Connection::send(self, bytes)
    }

    fn reset_on_close(&mut self, on: bool) {
        Connection::reset_on_close(self, on);
    }
}
// ANCHOR_END: transport
