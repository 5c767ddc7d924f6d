//! The request's body on its way in: as it comes, at a decent pace, up to its end.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use lesson02::{Ending, Framing, Head, Page, Rest};

use crate::{Behind, Pace, Transport};
// ANCHOR_END: imports

// ANCHOR: pace_clock
/// How long a client has kept us waiting for its body. What an application does between two
/// reads is not the client's time.
#[derive(Debug)]
struct PaceClock {
    pace: Pace,
    waited: Duration,
    since: Option<Instant>,
    received: u64,
}

impl PaceClock {
    fn new(pace: Pace) -> PaceClock {
        PaceClock {
            pace,
            waited: Duration::ZERO,
            since: None,
            received: 0,
        }
    }

    /// Begins to wait, if that has not begun, and says until when.
    fn wait_from(&mut self, now: Instant) -> Instant {
        let since = *self.since.get_or_insert(now);
        since
            + self
                .pace
                .allowance(self.received)
                .saturating_sub(self.waited)
    }

    /// Ends a wait.
    fn came(&mut self, count: usize, now: Instant) {
        let since = self.since.take().unwrap_or(now);
        self.waited += now.saturating_duration_since(since);
        self.received += count as u64;
    }
}
// ANCHOR_END: pace_clock

// ANCHOR: coding
/// How a body is written on the wire.
///
/// Here there is one way, [`Length`]: as it is, as long as was announced. Lesson 7 brings chunks.
pub trait Coding {
    /// Decodes as much of `input` as fits into `output`, up to the end of the body.
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Refusal>;

    /// How many bytes there are on the wire from here to the end of the body; `None` if nobody
    /// knows. `ahead` are those of them that have arrived, and perhaps more.
    fn left(&self, ahead: &[u8]) -> Option<u64>;

    /// Whether the body is over.
    fn is_over(&self) -> bool;
}

/// How far one call of [`Coding::decode`] came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that are used up.
    pub consumed: usize,
    /// Bytes of the output that are filled.
    pub produced: usize,
}

/// What a client is told that gets a body wrong: a status, and a sentence for its author.
pub type Refusal = (&'static str, &'static str);

/// So many bytes as they are.
#[derive(Clone, Copy, Debug)]
pub struct Length(pub u64);

impl Length {
    /// The length that was announced. Without one there is no body.
    pub fn of(framing: Framing) -> Length {
        match framing {
            Framing::Length(length) => Length(length),
            Framing::Empty | Framing::Chunked => Length(0),
        }
    }
}

impl Coding for Length {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Refusal> {
        let left = usize::try_from(self.0).unwrap_or(usize::MAX);
        let count = input.len().min(output.len()).min(left);
        output[..count].copy_from_slice(&input[..count]);
        self.0 -= count as u64;
        Ok(Progress {
            consumed: count,
            produced: count,
        })
    }

    fn left(&self, _ahead: &[u8]) -> Option<u64> {
        Some(self.0)
    }

    fn is_over(&self) -> bool {
        self.0 == 0
    }
}
// ANCHOR_END: coding

// ANCHOR: intake
/// The body of one request, on its way in.
///
/// It is read from the bytes behind the head, and when they are used up, from the connection. It
/// can be read by whoever wants a piece now and waits for it ([`Intake::read`]), or be gathered
/// as its bytes happen to come ([`Intake::gather`]).
#[derive(Debug)]
pub struct Intake<C> {
    coding: C,
    /// How much of the bytes behind the head is used up.
    start: usize,
    /// The client waits for `100 Continue` before it sends anything.
    awaits_go: bool,
    clock: PaceClock,
    gathered: Vec<u8>,
    /// How much of what was gathered has been read.
    read: usize,
    is_broken: bool,
    blame: Option<Page>,
}

impl<C: Coding> Intake<C> {
    /// The body behind `head`, of which `ahead` has arrived.
    pub fn new(coding: C, head: &Head, ahead: &[u8], pace: Pace) -> Intake<C> {
        Intake {
            coding,
            start: 0,
            awaits_go: head.expects_continue() && ahead.is_empty(),
            clock: PaceClock::new(pace),
            gathered: Vec::new(),
            read: 0,
            is_broken: false,
            blame: None,
        }
    }

    /// Reads a piece of the body; 0 means that it is over. `may_go` tells whether `100 Continue`
    /// can still be sent: once the final answer has begun to leave, it cannot.
    pub fn read<T: Transport + ?Sized>(
        &mut self,
        rest: &mut Rest<'_>,
        mut transport: Option<&mut T>,
        may_go: bool,
        into: &mut [u8],
    ) -> io::Result<usize> {
        loop {
            let count = self.read_what_is_here(rest.received(), into)?;
            if count > 0 || self.coding.is_over() || into.is_empty() {
                return Ok(count);
            }
            let transport = transport.as_deref_mut();
            let outcome = match transport {
                Some(transport) => self.refill(rest, transport, may_go),
                None => Err(ErrorKind::UnexpectedEof.into()),
            };
            outcome.inspect_err(|_| self.is_broken = true)?;
        }
    }

    fn read_what_is_here(&mut self, ahead: &[u8], into: &mut [u8]) -> io::Result<usize> {
        let gathered = &self.gathered[self.read..];
        if !gathered.is_empty() {
            let count = gathered.len().min(into.len());
            into[..count].copy_from_slice(&gathered[..count]);
            self.read += count;
            return Ok(count);
        }
        self.decode(ahead, into)
    }

    fn decode(&mut self, ahead: &[u8], into: &mut [u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(ErrorKind::InvalidData.into());
        }
        match self.coding.decode(&ahead[self.start..], into) {
            Ok(progress) => {
                self.start += progress.consumed;
                Ok(progress.produced)
            }
            Err(refusal) => Err(self.blamed(ErrorKind::InvalidData, refusal)),
        }
    }

    /// Takes more bytes in, when those that came are used up.
    fn refill<T: Transport + ?Sized>(
        &mut self,
        rest: &mut Rest<'_>,
        transport: &mut T,
        may_go: bool,
    ) -> io::Result<()> {
        if self.take_go() && may_go {
            transport.send(GO, Behind::Whatever)?;
        }
        let deadline = self.deadline(transport.now());
        self.start = 0;
        match transport.read(rest.empty(), deadline) {
            Ok(0) => Err(self.blamed(ErrorKind::UnexpectedEof, BODY_ENDED)),
            Ok(count) => {
                rest.grow(count);
                self.came(count, transport.now());
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                Err(self.blamed(ErrorKind::TimedOut, BODY_SLOW))
            }
            Err(error) => Err(error),
        }
    }

    /// Blames the client: notes what to answer if the application fails because of this error.
    fn note_blame(&mut self, (status, why): Refusal) {
        self.is_broken = true;
        self.blame = Some(Page::text(status, format!("{status}: {why}\n")));
    }

    fn blamed(&mut self, kind: ErrorKind, refusal: Refusal) -> io::Error {
        self.note_blame(refusal);
        io::Error::new(kind, refusal.1)
    }
}

/// What a client did that did not send all of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// It ended it too soon.
    Ended,
    /// It did not keep the pace.
    Slow,
}

/// The answer before the answer: send your body (RFC 9110 §15.2.1).
pub const GO: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

const BODY_ENDED: Refusal = (
    "400 Bad Request",
    "the body ended before its announced end (RFC 9112 §8)",
);
const BODY_SLOW: Refusal = (
    "408 Request Timeout",
    "the body came too slowly (RFC 9110 §15.5.9)",
);
// ANCHOR_END: intake

// ANCHOR: gather
impl<C: Coding> Intake<C> {
    /// Takes in what has arrived, for an application that will read it later. Tells whether this
    /// was all.
    pub fn gather(&mut self, rest: &mut Rest<'_>) -> Result<bool, Page> {
        let (ahead, have) = (rest.received(), self.gathered.len());
        // A body is never longer than what it is written in.
        let mut gathered = std::mem::take(&mut self.gathered);
        gathered.resize(have + ahead.len() - self.start, 0);
        let outcome = self.decode(ahead, &mut gathered[have..]);
        gathered.truncate(have + *outcome.as_ref().unwrap_or(&0));
        self.gathered = gathered;
        if outcome.is_err() {
            return Err(self.blame_or_500());
        }
        if !self.is_over() {
            rest.empty();
            self.start = 0;
        }
        Ok(self.is_over())
    }

    /// Throws away what has arrived of a body that nobody wants. Tells whether this was all.
    pub fn skip(&mut self, rest: &mut Rest<'_>) -> Result<bool, Page> {
        let done = self.gather(rest);
        self.gathered.clear();
        done
    }

    /// Takes what has been gathered so far, for somebody who wants it as it comes.
    pub fn take_gathered(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.gathered)
    }

    /// How much has been gathered.
    pub fn gathered(&self) -> usize {
        self.gathered.len()
    }

    /// What to answer to a client that does not send its body. Nothing can be read any more.
    pub fn accuse(&mut self, blame: Blame) -> Page {
        let refusal = match blame {
            Blame::Ended => BODY_ENDED,
            Blame::Slow => BODY_SLOW,
        };
        self.note_blame(refusal);
        self.blame_or_500()
    }

    fn blame_or_500(&self) -> Page {
        self.blame.clone().unwrap_or_else(Page::failure)
    }
}
// ANCHOR_END: gather

// ANCHOR: questions
impl<C: Coding> Intake<C> {
    /// Until when the next bytes must come, if the waiting begins now.
    pub fn deadline(&mut self, now: Instant) -> Instant {
        self.clock.wait_from(now)
    }

    /// So many bytes came, and the waiting has an end.
    pub fn came(&mut self, count: usize, now: Instant) {
        self.clock.came(count, now);
    }

    /// Whether `100 Continue` is to be sent; it is asked for once.
    pub fn take_go(&mut self) -> bool {
        std::mem::take(&mut self.awaits_go)
    }

    /// Whether the client still waits for a `100 Continue`, and may never send its body.
    pub fn awaits_go(&self) -> bool {
        self.awaits_go
    }

    /// Whether nothing of the body is left to be read from the client.
    pub fn is_over(&self) -> bool {
        self.coding.is_over()
    }

    /// How much of the request is still to be read; `None` if nobody knows.
    pub fn unread(&self, ahead: &[u8]) -> Option<u64> {
        let known = !self.awaits_go && !self.is_broken;
        known.then(|| self.coding.left(&ahead[self.start..]))?
    }

    /// How to close a connection on which this was the last request: whatever the client may
    /// still be sending, or has sent beyond its request, must not turn the close into a reset.
    pub fn ending(&self, ahead: &[u8]) -> Ending {
        let ahead = &ahead[self.start..];
        match !self.is_broken && self.coding.left(ahead) == Some(ahead.len() as u64) {
            true => Ending::Clean,
            false => Ending::Drain,
        }
    }

    /// Where the next request begins behind the head of this one, once the body is over.
    pub fn end(&self) -> usize {
        self.start
    }

    /// What to answer when the application failed because the client did.
    pub fn blame(&self) -> Option<&Page> {
        self.blame.as_ref()
    }
}
// ANCHOR_END: questions

#[cfg(test)]
mod tests {
    use lesson02::{Desk, Limits, parse_head};

    use super::*;

    /// A desk with the head of a request for ten bytes, and what is to take them in.
    fn announced() -> (Desk, Intake<Length>) {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
        let limits = Limits::default();
        let mut desk = Desk::default();
        desk.input.reset(limits.head_bytes);
        come(&mut desk, head);
        desk.head = parse_head(head.as_bytes(), &limits).unwrap().unwrap();
        let intake = Intake::new(Length(10), &desk.head, b"", Pace::default());
        (desk, intake)
    }

    fn come(desk: &mut Desk, bytes: &str) {
        desk.input.room()[..bytes.len()].copy_from_slice(bytes.as_bytes());
        desk.input.grow(bytes.len());
    }

    #[test]
    fn a_body_is_gathered_as_it_comes_and_what_is_behind_it_is_left() {
        let (mut desk, mut intake) = announced();
        assert!(!intake.awaits_go());
        let mut is_whole = |desk: &mut Desk| {
            let (_, mut rest) = desk.input.split(desk.head.end());
            let is_whole = intake.gather(&mut rest).unwrap();
            assert_eq!(intake.is_over(), is_whole);
            (is_whole, intake.gathered())
        };
        assert_eq!(is_whole(&mut desk), (false, 0));
        come(&mut desk, "abc");
        assert_eq!(is_whole(&mut desk), (false, 3));
        come(&mut desk, "defg");
        assert_eq!(is_whole(&mut desk), (false, 7));
        come(&mut desk, "hijGET");
        assert_eq!(is_whole(&mut desk), (true, 10));
        assert_eq!(intake.take_gathered(), b"abcdefghij");
        assert_eq!((intake.gathered(), intake.end()), (0, 3));
        assert_eq!(
            &desk.input.received()[desk.head.end() + intake.end()..],
            b"GET"
        );
    }

    #[test]
    fn what_was_gathered_is_read_in_any_pieces_and_once() {
        let (mut desk, mut intake) = announced();
        come(&mut desk, "abcdefghij");
        let (_, mut rest) = desk.input.split(desk.head.end());
        assert!(intake.gather(&mut rest).is_ok());
        let mut read = || {
            let mut piece = [0; 4];
            let count = intake.read(&mut rest, None::<&mut dyn Transport>, false, &mut piece);
            piece[..count.unwrap()].to_vec()
        };
        let pieces = [read(), read(), read(), read()];
        assert_eq!(pieces, [&b"abcd"[..], b"efgh", b"ij", b""]);
    }

    #[test]
    fn only_the_time_that_a_client_keeps_us_waiting_is_counted() {
        let second = Duration::from_secs(1);
        let mut clock = PaceClock::new(Pace {
            grace: 5 * second,
            bytes_per_second: 100,
        });
        let start = Instant::now();
        assert_eq!(clock.wait_from(start), start + 5 * second);
        assert_eq!(clock.wait_from(start + second), start + 5 * second);
        clock.came(200, start + 2 * second);
        // The application took its time, and 200 bytes are worth two seconds.
        let later = start + 60 * second;
        assert_eq!(clock.wait_from(later), later + 5 * second);
        clock.came(0, later + 7 * second);
        assert_eq!(clock.wait_from(later), later);
    }

    #[test]
    fn what_is_skipped_is_not_kept() {
        let (mut desk, mut intake) = announced();
        come(&mut desk, "abc");
        let (_, mut rest) = desk.input.split(desk.head.end());
        assert_eq!(intake.skip(&mut rest).ok(), Some(false));
        assert_eq!((intake.gathered(), intake.unread(b"")), (0, Some(7)));
        come(&mut desk, "defghij");
        let (_, mut rest) = desk.input.split(desk.head.end());
        assert_eq!(intake.skip(&mut rest).ok(), Some(true));
        assert_eq!((intake.gathered(), intake.is_over()), (0, true));
    }
}
