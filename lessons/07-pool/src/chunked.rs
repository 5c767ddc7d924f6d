//! The chunked coding, as a function over bytes.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};

use lesson02::is_token_byte;
use lesson03::Progress;
// ANCHOR_END: imports

// ANCHOR: decoder
/// Takes the chunked coding off a body (RFC 9112 §7.1).
///
/// It is fed bytes in any pieces and never looks back. What it is strict about is what attacks
/// are made of: a server in front of us that reads a size differently sees another request
/// where we see a body.
#[derive(Clone, Debug)]
pub struct ChunkDecoder {
    state: State,
    /// What is left of this chunk.
    chunk: u64,
    /// What is left of the whole body.
    allowance: u64,
    extension_bytes: usize,
    trailer_bytes: usize,
    line: Vec<u8>,
}

/// What the next byte must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first digit of a size.
    Size,
    /// Another digit, or what follows a size.
    SizeMore,
    /// White space behind a size, which only an extension may follow.
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailer,
    TrailerLf,
    Done,
}

/// The extensions of a whole body, and zeros in front of its sizes, may take so many bytes: more
/// than anybody has a use for.
const MAX_EXTENSIONS: usize = 4 * 1024;

/// And the trailers so many.
const MAX_TRAILERS: usize = 8 * 1024;

impl ChunkDecoder {
    /// A decoder for a body of at most `limit` bytes.
    pub fn new(limit: u64) -> ChunkDecoder {
        ChunkDecoder {
            state: State::Size,
            chunk: 0,
            allowance: limit,
            extension_bytes: 0,
            trailer_bytes: 0,
            line: Vec::new(),
        }
    }

    /// Whether the body is over, trailers and all.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Decodes as much of `input` as fits into `output`, up to the end of the body.
    pub fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, ChunkFault> {
        let mut progress = Progress::default();
        while let Some(&byte) = input.get(progress.consumed) {
            match self.state {
                State::Done => break,
                State::Data => {
                    let count = self.copy(
                        &input[progress.consumed..],
                        &mut output[progress.produced..],
                    );
                    if count == 0 {
                        break; // The output is full.
                    }
                    progress.consumed += count;
                    progress.produced += count;
                }
                _ => {
                    self.state = self.step(byte)?;
                    progress.consumed += 1;
                }
            }
        }
        Ok(progress)
    }

    /// How many bytes of `ahead` belong to the body, if it ends there; `None` if it does not, for
    /// then nobody knows.
    pub fn left(&self, ahead: &[u8]) -> Option<u64> {
        let (mut scout, mut consumed) = (self.clone(), 0);
        let mut scratch = [0; 256];
        while !scout.is_done() && consumed < ahead.len() {
            consumed += scout
                .decode(&ahead[consumed..], &mut scratch)
                .ok()?
                .consumed;
        }
        scout.is_done().then_some(consumed as u64)
    }

    fn copy(&mut self, input: &[u8], output: &mut [u8]) -> usize {
        let chunk = usize::try_from(self.chunk).unwrap_or(usize::MAX);
        let count = input.len().min(output.len()).min(chunk);
        output[..count].copy_from_slice(&input[..count]);
        self.chunk -= count as u64;
        if self.chunk == 0 {
            self.state = State::DataCr;
        }
        count
    }
}
// ANCHOR_END: decoder

// ANCHOR: step
impl ChunkDecoder {
    /// The state after one byte that is not data.
    fn step(&mut self, byte: u8) -> Result<State, ChunkFault> {
        match (self.state, byte) {
            (State::Size | State::SizeMore, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.add_digit(byte)
            }
            (State::SizeMore, b' ' | b'\t') | (State::Space, b' ' | b'\t') => {
                self.extension_byte(State::Space)
            }
            (State::SizeMore | State::Space, b';') => self.extension_byte(State::Extension),
            (State::SizeMore | State::Extension, b'\r') => Ok(State::SizeLf),
            (State::Extension, b'\t' | b' '..=b'~' | 0x80..) => {
                self.extension_byte(State::Extension)
            }
            (State::SizeLf, b'\n') => self.begin_chunk(),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size),
            (State::Trailer, b'\r') => Ok(State::TrailerLf),
            (State::Trailer, b'\t' | b' '..=b'~' | 0x80..) => self.trailer_byte(byte),
            (State::TrailerLf, b'\n') => self.end_trailer_line(),
            (State::Size | State::SizeMore | State::Space | State::Extension, _) => {
                Err(ChunkFault::Size)
            }
            (State::Trailer | State::TrailerLf, _) => Err(ChunkFault::Trailer),
            _ => Err(ChunkFault::LineEnd),
        }
    }

    fn add_digit(&mut self, byte: u8) -> Result<State, ChunkFault> {
        if self.state == State::SizeMore && self.chunk == 0 {
            // A zero in front says nothing, so it is bounded together with what else says nothing.
            self.extension_byte(State::SizeMore)?;
        }
        let digit = u64::from(char::from(byte).to_digit(16).unwrap_or(0));
        let larger = self
            .chunk
            .checked_mul(16)
            .and_then(|size| size.checked_add(digit));
        // A number that does not fit is larger than any body we take.
        self.chunk = larger.ok_or(ChunkFault::TooLarge)?;
        if self.chunk > self.allowance {
            Err(ChunkFault::TooLarge)
        } else {
            Ok(State::SizeMore)
        }
    }

    fn begin_chunk(&mut self) -> Result<State, ChunkFault> {
        self.allowance -= self.chunk;
        Ok(if self.chunk == 0 {
            State::Trailer
        } else {
            State::Data
        })
    }

    fn extension_byte(&mut self, next: State) -> Result<State, ChunkFault> {
        self.extension_bytes += 1;
        if self.extension_bytes > MAX_EXTENSIONS {
            Err(ChunkFault::Extension)
        } else {
            Ok(next)
        }
    }

    fn trailer_byte(&mut self, byte: u8) -> Result<State, ChunkFault> {
        self.trailer_bytes += 1;
        if self.trailer_bytes > MAX_TRAILERS {
            return Err(ChunkFault::TooManyTrailers);
        }
        self.line.push(byte);
        Ok(State::Trailer)
    }

    /// Checks a trailer and forgets it. Trailers are never merged into the headers: what they
    /// say would come after the decisions that depend on it (RFC 9110 §6.5.1).
    fn end_trailer_line(&mut self) -> Result<State, ChunkFault> {
        const FORBIDDEN: [&[u8]; 4] = [
            b"transfer-encoding",
            b"content-length",
            b"host",
            b"connection",
        ];
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return Ok(State::Done);
        }
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        let is_field = name.len() < line.len() && !name.is_empty();
        if !is_field || !name.iter().all(|&byte| is_token_byte(byte)) {
            return Err(ChunkFault::Trailer);
        }
        match FORBIDDEN
            .iter()
            .any(|forbidden| name.eq_ignore_ascii_case(forbidden))
        {
            true => Err(ChunkFault::ForbiddenTrailer),
            false => Ok(State::Trailer),
        }
    }
}
// ANCHOR_END: step

// ANCHOR: chunk_fault
/// What was wrong with a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The text below says it.
pub enum ChunkFault {
    Size,
    LineEnd,
    Extension,
    Trailer,
    TooManyTrailers,
    ForbiddenTrailer,
    TooLarge,
}

impl ChunkFault {
    /// The status, and a sentence for the client's author.
    pub fn status_and_reason(self) -> (&'static str, &'static str) {
        const BAD: &str = "400 Bad Request";
        match self {
            ChunkFault::Size => (
                BAD,
                "a chunk size is not a hexadecimal number (RFC 9112 §7.1)",
            ),
            ChunkFault::LineEnd => (BAD, "a chunk does not end in CRLF (RFC 9112 §7.1)"),
            ChunkFault::Extension => (
                BAD,
                "chunk sizes with their extensions are too long (RFC 9112 §7.1.1)",
            ),
            ChunkFault::Trailer => (BAD, "a trailer is not a field (RFC 9112 §7.1.2)"),
            ChunkFault::TooManyTrailers => (
                "431 Request Header Fields Too Large",
                "the trailers are too long",
            ),
            ChunkFault::ForbiddenTrailer => (
                BAD,
                "a trailer that would change how a message is read (RFC 9110 §6.5.1)",
            ),
            ChunkFault::TooLarge => (
                "413 Content Too Large",
                "the body is larger than this server takes",
            ),
        }
    }
}

impl Display for ChunkFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.status_and_reason().1)
    }
}

impl Error for ChunkFault {}
// ANCHOR_END: chunk_fault

// ANCHOR: encode
/// Appends one chunk. An empty one would end the body, so there must be data.
pub fn encode_chunk(data: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut shift = (usize::BITS - data.len().leading_zeros()).div_ceil(4) * 4;
    while shift > 0 {
        shift -= 4;
        out.push(DIGITS[data.len() >> shift & 0xf]);
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// What ends a chunked body without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
// ANCHOR_END: encode

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes all of `bytes`; gives the body, what was left over, and whether it was over.
    fn decode(bytes: &[u8]) -> Result<(Vec<u8>, usize, bool), ChunkFault> {
        let mut decoder = ChunkDecoder::new(100);
        let mut body = [0; 200];
        let progress = decoder.decode(bytes, &mut body)?;
        let rest = bytes.len() - progress.consumed;
        Ok((body[..progress.produced].to_vec(), rest, decoder.is_done()))
    }

    #[test]
    fn chunks_are_joined_and_what_follows_the_body_is_left() {
        let bytes = b"2\r\nhi\r\n00A\r\n0123456789\r\n0\r\n\r\nGET";
        assert_eq!(decode(bytes), Ok((b"hi0123456789".to_vec(), 3, true)));
        assert_eq!(decode(b"2\r\nh"), Ok((b"h".to_vec(), 0, false)));
    }

    #[test]
    fn extensions_and_trailers_are_read_and_ignored() {
        let bytes = b"2 ; a=\"b\";c\r\nhi\r\n0;x\r\nA: b\r\nX-C:\r\n\r\n";
        assert_eq!(decode(bytes), Ok((b"hi".to_vec(), 0, true)));
    }

    #[test]
    fn whatever_can_be_read_in_two_ways_is_refused() {
        for wrong in [
            "\r\n",
            "0x2\r\n",
            "+2\r\n",
            "-2\r\n",
            " 2\r\n",
            "2 \r\n",
            "g\r\n",
            "2\n",
            "2;a\nb\r\n",
            "2;\0\r\n",
        ] {
            assert_eq!(decode(wrong.as_bytes()), Err(ChunkFault::Size), "{wrong:?}");
        }
        for wrong in ["2\rX", "2\r\nhiX", "2\r\nhi\nX", "2\r\nhi\rX"] {
            assert_eq!(
                decode(wrong.as_bytes()),
                Err(ChunkFault::LineEnd),
                "{wrong:?}"
            );
        }
        for wrong in [
            "0\r\nA\r\n",
            "0\r\n: b\r\n",
            "0\r\nA : b\r\n",
            "0\r\n a\r\n",
            "0\r\nA: b\n",
            "0\r\nA:\0",
        ] {
            assert_eq!(
                decode(wrong.as_bytes()),
                Err(ChunkFault::Trailer),
                "{wrong:?}"
            );
        }
        let forbidden = b"0\r\ncontent-length: 3\r\n";
        assert_eq!(decode(forbidden), Err(ChunkFault::ForbiddenTrailer));
    }

    #[test]
    fn everything_has_a_limit() {
        assert_eq!(decode(b"64\r\n").map(|done| done.2), Ok(false));
        for large in ["65\r\n", "ffffffffffffffff\r\n", "10000000000000000\r\n"] {
            assert_eq!(
                decode(large.as_bytes()),
                Err(ChunkFault::TooLarge),
                "{large}"
            );
        }
        assert_eq!(decode(b"32\r\n").map(|done| done.2), Ok(false));
        let long = |start: &str| format!("{start}{}", "a".repeat(10_000)).into_bytes();
        assert_eq!(decode(&long("1;")), Err(ChunkFault::Extension));
        let zeros = "0".repeat(10_000);
        assert_eq!(decode(zeros.as_bytes()), Err(ChunkFault::Extension));
        assert_eq!(decode(&long("0\r\nA:")), Err(ChunkFault::TooManyTrailers));
    }

    #[test]
    fn a_limit_is_reached_and_not_passed() {
        let extension = |count: usize| decode(format!("1;{}\r\n", "a".repeat(count)).as_bytes());
        assert!(
            extension(MAX_EXTENSIONS - 1).is_ok(),
            "the semicolon counts"
        );
        assert_eq!(extension(MAX_EXTENSIONS), Err(ChunkFault::Extension));
        let trailer = |count: usize| decode(format!("0\r\nA:{}\r\n", "a".repeat(count)).as_bytes());
        assert!(trailer(MAX_TRAILERS - 2).is_ok());
        assert_eq!(trailer(MAX_TRAILERS - 1), Err(ChunkFault::TooManyTrailers));
    }

    #[test]
    fn digits_that_say_something_are_not_counted_among_those_that_do_not() {
        let mut decoder = ChunkDecoder::new(u64::MAX);
        let mut body = [0; 16];
        for _ in 0..=MAX_EXTENSIONS {
            let mut bytes = &b"10\r\n0123456789abcdef\r\n"[..];
            while !bytes.is_empty() {
                let progress = decoder.decode(bytes, &mut body).unwrap();
                bytes = &bytes[progress.consumed..];
            }
        }
    }

    #[test]
    fn what_is_encoded_can_be_decoded() {
        let mut bytes = Vec::new();
        encode_chunk(b"h", &mut bytes);
        encode_chunk(&[b'x'; 16], &mut bytes);
        bytes.extend_from_slice(LAST_CHUNK);
        assert!(bytes.starts_with(b"1\r\nh\r\n10\r\nxxx"));
        let body = [b"h".as_slice(), &[b'x'; 16]].concat();
        assert_eq!(decode(&bytes), Ok((body, 0, true)));
    }
}
