//! A connection in the hands of a greenlet: it reads like a blocking one.

// ANCHOR: imports
use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use lesson02::{Buffer, Ending, Session, Stream};
use lesson03::{Behind, Transport};
use lesson07::{House, Line};
use lesson09::Wish;
use lesson10::{Moved, Pipe};

use crate::hub::Woken;
use crate::wait::{rest, wait_for};
// ANCHOR_END: imports

// ANCHOR: line
/// A connection whose greenlet waits wherever a thread would block.
pub(crate) struct GreenLine {
    house: Arc<House>,
    pipe: Pipe,
    /// Whether the socket had nothing more to read when we looked last.
    is_empty: bool,
    /// How often something has been sent since a request was waited for.
    sends: usize,
    sent: u64,
}

/// So much a client has to take within the write timeout.
const PIECE: usize = 64 * 1024;

impl GreenLine {
    pub(crate) fn new(house: &Arc<House>, stream: Box<dyn Stream>) -> GreenLine {
        GreenLine {
            pipe: Pipe::new(stream, house.gateway.settings.trace),
            house: Arc::clone(house),
            is_empty: false,
            sends: 0,
            sent: 0,
        }
    }

    /// Waits for the socket. False: the time is up.
    fn wait(&mut self, wish: Wish, until: Instant) -> io::Result<bool> {
        let woken = wait_for(self.pipe.stream().socket(), wish, Some(until))?;
        Ok(woken != Woken::TimeUp)
    }

    fn write(&mut self, bytes: &[u8], behind: Behind) -> io::Result<()> {
        let limits = &self.house.gateway.settings.limits;
        let lost_at = Instant::now() + limits.write_timeout;
        let mut patience = None;
        let mut left = bytes;
        while !left.is_empty() {
            match self.pipe.write(left, behind, &mut patience, lost_at) {
                Moved::Bytes(count) => {
                    self.sent += count as u64;
                    left = &left[count..];
                }
                Moved::Again => {}
                Moved::Blocked if self.wait(Wish::ToWrite, lost_at)? => {}
                Moved::Blocked => return Err(ErrorKind::TimedOut.into()),
                Moved::Gone => return Err(ErrorKind::BrokenPipe.into()),
            }
        }
        self.sends += 1;
        Ok(())
    }
}

impl Transport for GreenLine {
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        let mut in_time = true;
        loop {
            if self.is_empty && in_time {
                in_time = self.wait(Wish::ToRead, deadline)?;
            }
            match self.pipe.read(into) {
                Moved::Bytes(count) => {
                    self.is_empty = !self.pipe.may_have_more(count, into.len());
                    self.house.stats.bytes_in.add(count as u64);
                    return Ok(count);
                }
                // A step of a handshake, whose next one may be ours.
                Moved::Again => self.is_empty = false,
                Moved::Blocked if in_time => self.is_empty = true,
                Moved::Blocked => return Err(ErrorKind::TimedOut.into()),
                Moved::Gone => return Err(ErrorKind::ConnectionReset.into()),
            }
        }
    }

    fn send(&mut self, bytes: &[u8], behind: Behind) -> io::Result<()> {
        let behind = behind.not_at_once_if(self.sends > 0);
        let mut pieces = bytes.chunks(PIECE);
        pieces.try_for_each(|piece| self.write(piece, behind))
    }

    fn sent(&self) -> u64 {
        self.sent
    }
}

impl Line for GreenLine {
    fn receive(
        &mut self,
        buffer: &mut Buffer,
        deadline: Instant,
        is_resting: bool,
    ) -> io::Result<usize> {
        if !is_resting {
            return self.receive_into(buffer, deadline);
        }
        self.sends = 0;
        rest(true);
        let deadline = self.house.patience(deadline, Instant::now());
        let came = match buffer.received().is_empty() {
            true => self.receive_into_a_spare_one(buffer, deadline),
            false => self.receive_into(buffer, deadline),
        };
        rest(false);
        came
    }

    fn session(&self) -> Option<&Arc<Session>> {
        self.pipe.session()
    }

    fn close(mut self, ending: Ending) {
        if !self.pipe.end(ending, false) {
            return;
        }
        let patience = self.house.gateway.settings.limits.drain_timeout;
        let until = Instant::now() + patience;
        let mut unread = [0; 1024];
        loop {
            let in_time = match self.pipe.drain(&mut unread) {
                Moved::Gone => return,
                Moved::Blocked => self.wait(Wish::ToRead, until).unwrap_or(false),
                Moved::Bytes(_) | Moved::Again => Instant::now() < until,
            };
            if !in_time {
                return;
            }
        }
    }

    fn into_stream(self) -> Box<dyn Stream> {
        self.pipe.into_stream()
    }
}
// ANCHOR_END: line

// ANCHOR: spare
thread_local! {
    /// Buffers of nobody. A greenlet that is quiet lays its own back, and only those who read
    /// have one.
    static SPARE: RefCell<Vec<Buffer>> = const { RefCell::new(Vec::new()) };
}

/// So many are kept.
const KEPT: usize = 64;

impl GreenLine {
    fn receive_into(&mut self, buffer: &mut Buffer, deadline: Instant) -> io::Result<usize> {
        let count = self.read(buffer.room(), deadline)?;
        buffer.grow(count);
        Ok(count)
    }

    /// Lends the empty buffer to the others until something has come.
    fn receive_into_a_spare_one(
        &mut self,
        buffer: &mut Buffer,
        deadline: Instant,
    ) -> io::Result<usize> {
        let own = std::mem::take(buffer);
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < KEPT {
                spare.push(own);
            }
        });
        if self.is_empty || self.sent > 0 {
            self.is_empty = !self.wait(Wish::ToRead, deadline)?;
        }
        *buffer = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        buffer.reset(self.house.gateway.settings.limits.head_bytes);
        self.receive_into(buffer, deadline)
    }
}
// ANCHOR_END: spare
