//! What applications return, and what becomes of it.

use std::task::Waker;
use std::time::Instant;

use lesson03::{AppError, Protocol, pause};

use super::kernel::Shared;
use super::letters::stretch;
use super::plan::Piece;
use super::record::{Event, Failing};

/// A body in pieces.
pub(super) struct Pieces {
    pub(super) kernel: Shared,
    pub(super) number: usize,
    /// What is left, the next one last.
    pub(super) rest: Vec<Piece>,
    pub(super) position: usize,
    pub(super) says_how_many: bool,
    pub(super) drop_panics: bool,
}

impl Pieces {
    fn note(&self, event: Event) {
        self.kernel.lock().note(event);
    }
}

impl Iterator for Pieces {
    type Item = Result<Vec<u8>, AppError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rest.pop() {
                None => {
                    self.note(Event::Exhausted(self.number));
                    return None;
                }
                Some(Piece::Pause(time)) => pause(time),
                Some(Piece::Data(count)) => {
                    self.note(Event::Made(self.number, count));
                    let data = stretch(self.number, self.position, count);
                    self.position += count;
                    return Some(Ok(data.to_vec()));
                }
                Some(Piece::Fail) => {
                    self.note(Event::Fails(self.number, Failing::Error));
                    return Some(Err(AppError::new("as planned")));
                }
                Some(Piece::Panic) => {
                    self.note(Event::Fails(self.number, Failing::Panic));
                    panic!("as planned");
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.rest.iter().filter(|piece| piece.is_returned()).count();
        match self.says_how_many {
            true => (count, Some(count)),
            false => (0, None),
        }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.note(Event::Dropped(self.number));
        if self.drop_panics && !std::thread::panicking() {
            self.note(Event::Fails(self.number, Failing::Drop));
            panic!("as planned");
        }
    }
}

/// A protocol of which nothing is asked but that it arrives where it should.
pub(super) struct Tea {
    pub(super) kernel: Shared,
    pub(super) number: usize,
}

impl Protocol for Tea {
    fn name(&self) -> &'static str {
        "tea"
    }

    fn open(&mut self, _wake: Waker, _out: &mut Vec<u8>) {}

    fn receive(&mut self, bytes: &mut [u8], _out: &mut Vec<u8>) -> usize {
        // The driver gives it what the client has sent already.
        let event = Event::TookOver(self.number, bytes.to_vec());
        self.kernel.lock().note(event);
        bytes.len()
    }

    fn poll(&mut self, _now: Instant, _out: &mut Vec<u8>) -> Option<Instant> {
        None
    }

    fn is_over(&self) -> bool {
        true
    }

    fn lost(&mut self) {}
}

impl Drop for Tea {
    fn drop(&mut self) {
        self.kernel.lock().note(Event::Dropped(self.number));
    }
}
