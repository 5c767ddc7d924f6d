//! A request's body in either of its two forms.

// ANCHOR: framed
use lesson02::Framing;
use lesson03::{Coding, Length, Progress, Refusal};

use crate::ChunkDecoder;

/// A body as long as was announced, or in chunks. Lesson 3 knows the first; this is all that it
/// has to be told of the second.
#[derive(Debug)]
pub enum Framed {
    /// With a `Content-Length`, or without any body.
    Length(Length),
    /// In chunks.
    Chunked(ChunkDecoder),
}

impl Framed {
    /// The form that a head has said. A chunked body may have `limit` bytes at most; one that was
    /// announced has been looked at already.
    pub fn new(framing: Framing, limit: u64) -> Framed {
        match framing {
            Framing::Chunked => Framed::Chunked(ChunkDecoder::new(limit)),
            framing => Framed::Length(Length::of(framing)),
        }
    }
}

impl Coding for Framed {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Refusal> {
        match self {
            Framed::Length(length) => length.decode(input, output),
            Framed::Chunked(decoder) => decoder
                .decode(input, output)
                .map_err(|fault| fault.status_and_reason()),
        }
    }

    fn left(&self, ahead: &[u8]) -> Option<u64> {
        match self {
            Framed::Length(length) => length.left(ahead),
            Framed::Chunked(decoder) => decoder.left(ahead),
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Framed::Length(length) => length.is_over(),
            Framed::Chunked(decoder) => decoder.is_done(),
        }
    }
}
// ANCHOR_END: framed
