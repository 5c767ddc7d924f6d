//! The request's body on its way in: as it comes, at a decent pace, up to its end.

// ANCHOR: imports
use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

use lesson02::Page;

use crate::{Pace, Transport};
// ANCHOR_END: imports

// ANCHOR: inlet
/// Where the bytes of a body come from: first those that came with the head, then the connection.
#[derive(Debug)]
pub struct Inlet<'b> {
    leftover: &'b [u8],
    /// The client waits for `100 Continue` before it sends anything.
    awaits_go: bool,
    pace: Pace,
    /// How long we have waited for the client. What an application does between two reads is
    /// not the client's time.
    waited: Duration,
    received: u64,
    blame: Option<Page>,
}

impl<'b> Inlet<'b> {
    /// An inlet for the body of a request whose head is followed by `leftover`.
    pub fn new(leftover: &'b [u8], expects_continue: bool, pace: Pace) -> Inlet<'b> {
        let awaits_go = expects_continue && leftover.is_empty();
        let (waited, received, blame) = (Duration::ZERO, 0, None);
        Inlet {
            leftover,
            awaits_go,
            pace,
            waited,
            received,
            blame,
        }
    }

    /// Takes bytes as they come. `may_go` tells whether `100 Continue` can still be sent: once
    /// the final answer has begun to leave, it cannot.
    pub fn take(
        &mut self,
        transport: &mut dyn Transport,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize> {
        if !self.leftover.is_empty() {
            return self.leftover.read(into);
        }
        if std::mem::take(&mut self.awaits_go) && may_go {
            transport.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let now = Instant::now();
        let left = self
            .pace
            .allowance(self.received)
            .saturating_sub(self.waited);
        let outcome = transport.read(into, now + left);
        self.waited += now.elapsed();
        match outcome {
            Ok(0) => Err(self.accuse(ErrorKind::UnexpectedEof, BODY_ENDED)),
            Ok(count) => {
                self.received += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                Err(self.accuse(ErrorKind::TimedOut, BODY_SLOW))
            }
            Err(error) => Err(error),
        }
    }

    /// Blames the client: notes what to answer if the application fails because of this error,
    /// and returns the error.
    pub fn accuse(&mut self, kind: ErrorKind, (status, why): (&'static str, &str)) -> io::Error {
        self.blame = Some(Page::text(status, format!("{status}: {why}\n")));
        io::Error::new(kind, why.to_owned())
    }

    /// What to answer when the application failed because the client did.
    pub fn blame(&self) -> Option<&Page> {
        self.blame.as_ref()
    }

    /// What came with the head and was not taken.
    pub fn leftover(&self) -> &'b [u8] {
        self.leftover
    }

    /// Whether the client still waits for a `100 Continue`, and may never send its body.
    pub fn awaits_go(&self) -> bool {
        self.awaits_go
    }
}

const BODY_ENDED: (&str, &str) = (
    "400 Bad Request",
    "the body ended before its announced end (RFC 9112 §8)",
);
const BODY_SLOW: (&str, &str) = (
    "408 Request Timeout",
    "the body came too slowly (RFC 9110 §15.5.9)",
);
// ANCHOR_END: inlet

// ANCHOR: intake
/// The body of one request, on its way in.
pub trait RequestBody {
    /// Reads a piece of the body; 0 means that it is over. For `may_go` see [`Inlet::take`].
    fn read(
        &mut self,
        transport: &mut dyn Transport,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize>;

    /// Whether the client may still be sending.
    fn is_unread(&self) -> bool;

    /// What to answer when the application failed because the client did.
    fn blame(&self) -> Option<&Page>;
}

/// A body whose length was announced.
#[derive(Debug)]
pub struct Intake<'b> {
    inlet: Inlet<'b>,
    remaining: u64,
}

impl<'b> Intake<'b> {
    /// A body of `length` bytes.
    pub fn new(inlet: Inlet<'b>, length: u64) -> Intake<'b> {
        Intake {
            inlet,
            remaining: length,
        }
    }

    /// Where its bytes come from.
    pub fn inlet(&self) -> &Inlet<'b> {
        &self.inlet
    }

    /// How much of it has not been read.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }
}

impl RequestBody for Intake<'_> {
    fn read(
        &mut self,
        transport: &mut dyn Transport,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize> {
        let remaining = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        let wanted = into.len().min(remaining);
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.inlet.take(transport, may_go, &mut into[..wanted])?;
        self.remaining -= count as u64;
        Ok(count)
    }

    fn is_unread(&self) -> bool {
        self.remaining > self.inlet.leftover().len() as u64
    }

    fn blame(&self) -> Option<&Page> {
        self.inlet.blame()
    }
}
// ANCHOR_END: intake
