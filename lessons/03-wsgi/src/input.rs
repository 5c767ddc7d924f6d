//! The request's body, as the application reads it: `wsgi.input`.

// ANCHOR: imports
use std::io::{self, BufRead, Read};
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
