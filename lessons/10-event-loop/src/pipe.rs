//! Bytes in and out of one client, and nobody who waits for them.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson02::{Ending, Session, Stream, trace};
use lesson03::Behind;
use socket2::SockRef;
// ANCHOR_END: imports

// ANCHOR: pipe
/// A stream whose socket never blocks.
pub struct Pipe {
    stream: Box<dyn Stream>,
    /// How much a client that blocks us has taken since it began to.
    taken: u32,
    /// Whether a close is a reset.
    resets: bool,
    tracing: bool,
}

/// So much a client has to take within the write timeout.
const PIECE: u32 = 64 * 1024;

/// So much fits into the buffers of any client.
const LITTLE: usize = 4 * 1024;

/// What came of an attempt to read or to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// So many bytes.
    Bytes(usize),
    /// None: that would have meant to wait.
    Blocked,
    /// None, but ask again.
    Again,
    /// Nobody is there any more.
    Gone,
}

impl Pipe {
    /// A pipe over a stream, which with `tracing` shows everything that passes.
    pub fn new(stream: Box<dyn Stream>, tracing: bool) -> Pipe {
        Pipe {
            stream,
            taken: 0,
            resets: false,
            tracing,
        }
    }

    /// The stream below.
    pub fn stream(&self) -> &dyn Stream {
        &*self.stream
    }

    /// What was agreed on with the client, if the connection is secured by now.
    pub fn session(&self) -> Option<&Arc<Session>> {
        self.stream.session()
    }

    /// The stream, for somebody who goes on with it.
    pub fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// Reads what has come. No bytes: the client is done.
    pub fn read(&mut self, into: &mut [u8]) -> Moved {
        let outcome = self.stream.read(into);
        if let Ok(count) = outcome
            && self.tracing
        {
            trace('<', &into[..count]);
        }
        moved(outcome)
    }

    /// Writes what there is room for. `patience` is until when a client that blocks us must go on.
    pub fn write(
        &mut self,
        bytes: &[u8],
        behind: Behind,
        patience: &mut Option<Instant>,
        lost_at: Instant,
    ) -> Moved {
        if behind == Behind::Rest {
            self.reset_on_close(true);
        }
        let outcome = match behind {
            Behind::End if bytes.len() <= LITTLE && patience.is_none() => {
                self.stream.write_last(bytes)
            }
            _ => self.stream.write(bytes),
        };
        let moved = moved(outcome);
        match moved {
            Moved::Bytes(count) => {
                if self.tracing {
                    trace('>', &bytes[..count]);
                }
                self.taken = self.taken.saturating_add(count as u32);
                if count == bytes.len() && behind != Behind::Rest {
                    self.reset_on_close(false);
                }
                if count == bytes.len() || self.taken >= PIECE {
                    *patience = None;
                }
            }
            Moved::Blocked if patience.is_none() => {
                *patience = Some(lost_at);
                self.taken = 0;
            }
            _ => {}
        }
        moved
    }

    /// Whether there may be more to read, after a read that gave `count` bytes for a `room`.
    ///
    /// A socket that could not fill the room has been emptied. Behind a secured one there may be
    /// more that has been read and decrypted already, of which no poller knows.
    pub fn may_have_more(&self, count: usize, room: usize) -> bool {
        count == room || self.session().is_some()
    }
}

fn moved(outcome: io::Result<usize>) -> Moved {
    match outcome {
        Ok(count) => Moved::Bytes(count),
        Err(error) if error.kind() == ErrorKind::Interrupted => Moved::Again,
        Err(error) if error.kind() == ErrorKind::WouldBlock => Moved::Blocked,
        Err(_) => Moved::Gone,
    }
}
// ANCHOR_END: pipe

// ANCHOR: end
impl Pipe {
    /// Whether a close from now on is a reset, whoever closes: the kernel closes for a process
    /// that is killed.
    fn reset_on_close(&mut self, on: bool) {
        if self.resets != on {
            self.resets = on;
            let linger = on.then_some(Duration::ZERO);
            // If the option cannot be set, the close is a plain one; nothing else to do.
            let _ = SockRef::from(&**self.stream.socket()).set_linger(linger);
        }
    }

    /// Ends the connection as lesson 2 does, but without waiting. True: it has to be drained until
    /// the client has left, for a close would be a reset now. `at_once`: the last answer leaves in
    /// the turn in which it was asked for, and is with the client before anything is likely to come.
    pub fn end(&mut self, ending: Ending, at_once: bool) -> bool {
        if ending == Ending::Reset {
            self.reset_on_close(true);
            return false;
        }
        self.say_goodbye();
        let is_clean = ending == Ending::Clean && (at_once || !self.has_unread_input());
        !is_clean && self.end_writing()
    }

    /// Says that nothing more will come, where there are words for it.
    fn say_goodbye(&mut self) {
        self.reset_on_close(false);
        self.stream.say_goodbye();
    }

    /// Whether something has come that nobody will read.
    fn has_unread_input(&self) -> bool {
        matches!(self.stream.socket().peek(&mut [0]), Ok(1..))
    }

    /// Ends our side. False: the client was faster, and nobody is left to be hurt by a reset.
    fn end_writing(&self) -> bool {
        self.stream.socket().shutdown(Shutdown::Write).is_ok()
    }

    /// Throws away what the client still sends.
    pub fn drain(&mut self, room: &mut [u8]) -> Moved {
        match moved(io::Read::read(&mut &**self.stream.socket(), room)) {
            Moved::Bytes(0) => Moved::Gone,
            moved => moved,
        }
    }
}
// ANCHOR_END: end
