//! A chunked request body on its way in.

// ANCHOR: imports
use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, ErrorKind};

use lesson02::Page;
use lesson03::{Inlet, Intake, RequestBody, Transport};

use crate::ChunkDecoder;
// ANCHOR_END: imports

// ANCHOR: incoming
/// A body that comes in chunks: bytes from lesson 3's inlet through the decoder.
#[derive(Debug)]
pub struct ChunkedBody<'b> {
    inlet: Inlet<'b>,
    decoder: ChunkDecoder,
    raw: Vec<u8>,
    start: usize,
    broken: bool,
}

impl<'b> ChunkedBody<'b> {
    /// A body of at most `limit` bytes.
    pub fn new(inlet: Inlet<'b>, limit: u64) -> ChunkedBody<'b> {
        let decoder = ChunkDecoder::new(limit);
        ChunkedBody {
            inlet,
            decoder,
            raw: Vec::new(),
            start: 0,
            broken: false,
        }
    }

    /// Whether another request can follow: the body has been read to its end.
    pub fn is_over(&self) -> bool {
        self.decoder.is_done() && !self.broken
    }

    /// Where its bytes come from.
    pub fn inlet(&self) -> &Inlet<'b> {
        &self.inlet
    }

    /// How long the body is, if all of it came together with the head. It must not have been
    /// read from.
    fn length_in_hand(&self) -> Option<u64> {
        let mut decoder = self.decoder.clone();
        let mut rest = self.inlet.leftover();
        let mut length = 0;
        let mut decoded = [0; 1024];
        while !decoder.is_done() && !rest.is_empty() {
            let progress = decoder.decode(rest, &mut decoded).ok()?;
            rest = &rest[progress.consumed..];
            length += progress.produced as u64;
        }
        decoder.is_done().then_some(length)
    }

    /// What came behind the body: the beginning of the next request.
    pub fn surplus(&self) -> Vec<u8> {
        [&self.raw[self.start..], self.inlet.leftover()].concat()
    }

    /// Takes more bytes in, when those that came are decoded.
    fn refill(&mut self, transport: &mut dyn Transport, may_go: bool) -> io::Result<()> {
        const PIECE: usize = 8 * 1024;
        self.raw.resize(PIECE, 0);
        self.start = 0;
        let outcome = self.inlet.take(transport, may_go, &mut self.raw);
        self.raw.truncate(*outcome.as_ref().unwrap_or(&0));
        outcome.map(drop)
    }
}

impl RequestBody for ChunkedBody<'_> {
    fn read(
        &mut self,
        transport: &mut dyn Transport,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize> {
        if self.broken {
            return Err(ErrorKind::InvalidData.into());
        }
        while !self.decoder.is_done() && !into.is_empty() {
            if self.start == self.raw.len() {
                self.refill(transport, may_go)
                    .inspect_err(|_| self.broken = true)?;
            }
            let progress = self
                .decoder
                .decode(&self.raw[self.start..], into)
                .map_err(|fault| {
                    self.broken = true;
                    self.inlet
                        .accuse(ErrorKind::InvalidData, fault.status_and_reason())
                })?;
            self.start += progress.consumed;
            if progress.produced > 0 {
                return Ok(progress.produced);
            }
        }
        Ok(0)
    }

    fn is_unread(&self) -> bool {
        !self.is_over()
    }

    fn blame(&self) -> Option<&Page> {
        self.inlet.blame()
    }
}
// ANCHOR_END: incoming

// ANCHOR: either
/// The body of a request, however it is framed.
#[derive(Debug)]
pub enum Incoming<'b> {
    /// With a `Content-Length`, or without any body.
    Announced(Intake<'b>),
    /// In chunks.
    Chunked(ChunkedBody<'b>),
}

impl Incoming<'_> {
    /// Reads what the application has left of the body, up to `limit` bytes. Tells whether the
    /// body is over, so that another request can follow.
    pub fn skip(&mut self, transport: &mut dyn Transport, limit: u64) -> bool {
        if self.awaits_go() {
            return false; // Nobody knows whether the client will send its body after all.
        }
        let mut unread = [0; 8 * 1024];
        let mut skipped = 0;
        while skipped <= limit {
            match self.read(transport, false, &mut unread) {
                Ok(0) => return true,
                Ok(count) => skipped += count as u64,
                Err(_) => return false,
            }
        }
        false
    }

    /// Whether the client waits for a `100 Continue` that nobody has sent.
    fn awaits_go(&self) -> bool {
        match self {
            Incoming::Announced(intake) => intake.inlet().awaits_go(),
            Incoming::Chunked(body) => body.inlet().awaits_go(),
        }
    }

    /// What came behind the body and is in our hands already.
    pub fn surplus(&self) -> Cow<'_, [u8]> {
        match self {
            Incoming::Announced(intake) => Cow::Borrowed(intake.inlet().leftover()),
            Incoming::Chunked(body) => Cow::Owned(body.surplus()),
        }
    }
}

impl RequestBody for Incoming<'_> {
    fn read(
        &mut self,
        transport: &mut dyn Transport,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize> {
        match self {
            Incoming::Announced(intake) => intake.read(transport, may_go, into),
            Incoming::Chunked(body) => body.read(transport, may_go, into),
        }
    }

    fn is_unread(&self) -> bool {
        match self {
            Incoming::Announced(intake) => intake.is_unread(),
            Incoming::Chunked(body) => body.is_unread(),
        }
    }

    fn blame(&self) -> Option<&Page> {
        match self {
            Incoming::Announced(intake) => intake.blame(),
            Incoming::Chunked(body) => body.blame(),
        }
    }
}
// ANCHOR_END: either

// ANCHOR: watched
/// How much is left of a body that may never come to an end.
const NOBODY_KNOWS: u64 = u64::MAX;

/// A body that an application reads, and how much of it is left, for whoever has to say at that
/// moment what becomes of the connection.
#[derive(Debug)]
pub(crate) struct Watched<'b> {
    body: Incoming<'b>,
    left: &'b Cell<u64>,
}

impl<'b> Watched<'b> {
    /// Watches a body of which nothing has been read.
    pub(crate) fn new(body: Incoming<'b>, left: &'b Cell<u64>) -> Watched<'b> {
        left.set(match &body {
            // A body that was not asked for may never come: there is no end to wait for.
            body if body.awaits_go() => NOBODY_KNOWS,
            Incoming::Announced(intake) => intake.remaining(),
            Incoming::Chunked(body) => body.length_in_hand().unwrap_or(NOBODY_KNOWS),
        });
        Watched { body, left }
    }

    /// The body itself.
    pub(crate) fn into_body(self) -> Incoming<'b> {
        self.body
    }
}

impl RequestBody for Watched<'_> {
    fn read(
        &mut self,
        transport: &mut dyn Transport,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize> {
        let outcome = self.body.read(transport, may_go, into);
        self.left.set(match (&outcome, self.body.is_unread()) {
            (Err(_), _) => NOBODY_KNOWS,
            (Ok(count), true) => self.left.get().saturating_sub(*count as u64),
            (Ok(_), false) => 0,
        });
        outcome
    }

    fn is_unread(&self) -> bool {
        self.body.is_unread()
    }

    fn blame(&self) -> Option<&Page> {
        self.body.blame()
    }
}
// ANCHOR_END: watched
