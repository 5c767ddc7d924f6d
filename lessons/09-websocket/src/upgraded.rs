//! A connection that has been taken over: bytes come, bytes leave, and nobody waits.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::task::Waker;
use std::time::{Duration, Instant};

use lesson02::Stream;
use lesson03::Protocol;

use crate::poller::{Ready, Wish};
// ANCHOR_END: imports

// ANCHOR: upgraded
/// A connection, the protocol on it, and what is between the two.
pub struct Upgraded {
    stream: Box<dyn Stream>,
    protocol: Box<dyn Protocol>,
    /// What has come and could not be used yet.
    left: Vec<u8>,
    /// What could not be sent yet.
    unsent: Vec<u8>,
    /// Until when something of that must leave, or the client must, if we wait for it to.
    deadline: Option<Instant>,
    /// When the protocol has something to do.
    due: Option<Instant>,
    /// Whether everything has been said, and we only wait for the client to leave.
    is_leaving: bool,
    /// Whether it has more for us than we have taken at once.
    has_more: bool,
}

/// What the thread lends to the connection whose turn it is: a quiet one needs neither.
pub struct Scratch {
    /// Room for what comes. It must hold a whole record of TLS, 16 KiB: what is left of one lies
    /// in our memory and not in the kernel, and no descriptor becomes readable for that.
    incoming: Box<[u8]>,
    outgoing: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch {
            incoming: vec![0; 64 * 1024].into(),
            outgoing: Vec::new(),
        }
    }
}

/// How long things may take that depend on the client.
#[derive(Clone, Copy, Debug)]
pub struct DriverLimits {
    /// How long a client may take nothing of what waits for it.
    pub write_timeout: Duration,
    /// How long it may take the last bytes, and then to close its side.
    pub goodbye: Duration,
}

impl Default for DriverLimits {
    fn default() -> DriverLimits {
        DriverLimits {
            write_timeout: Duration::from_secs(10),
            goodbye: Duration::from_secs(1),
        }
    }
}

/// What somebody sends that the protocol does not use is kept up to here. Beyond it we stop
/// reading: the sender is faster than it may be, and its own buffers fill up, not ours.
const MOST_LEFT: usize = 16 * 1024;
/// So often a connection may go on before the others have their turn.
const ROUNDS: usize = 16;

/// The connection is gone, or shall be.
pub struct Gone;

impl Upgraded {
    /// A connection whose client has sent so much already.
    pub fn new(
        stream: Box<dyn Stream>,
        protocol: Box<dyn Protocol>,
        received: Vec<u8>,
    ) -> Upgraded {
        Upgraded {
            stream,
            protocol,
            left: received,
            unsent: Vec::new(),
            deadline: None,
            due: None,
            is_leaving: false,
            has_more: false,
        }
    }

    /// The stream below.
    pub fn stream(&self) -> &dyn Stream {
        &*self.stream
    }

    /// Gives the protocol the first word. Whoever calls `waker` wants it to have a turn.
    pub fn open(&mut self, waker: Waker) {
        self.protocol.open(waker, &mut self.unsent);
    }

    /// The connection has gone.
    pub fn lost(&mut self) {
        self.protocol.lost();
    }

    /// What it waits for. It reads nothing while something waits to be sent, or while the protocol
    /// has enough for now.
    pub fn wish(&self) -> Wish {
        match self.unsent.is_empty() {
            false => Wish::ToWrite,
            true if self.left.len() < MOST_LEFT => Wish::ToRead,
            true => Wish::Nothing,
        }
    }

    /// Whether it could go on, and lets the others go first.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// When it must have its turn, whether anything has happened or not.
    pub fn next_turn(&self) -> Option<Instant> {
        match (self.deadline, self.due) {
            (Some(deadline), Some(due)) => Some(deadline.min(due)),
            (deadline, due) => deadline.or(due),
        }
    }
}
// ANCHOR_END: upgraded

// ANCHOR: turn
impl Upgraded {
    /// Its turn: goes on until there is nothing more to do, or something to wait for.
    pub fn turn(
        &mut self,
        ready: Ready,
        now: Instant,
        limits: &DriverLimits,
        scratch: &mut Scratch,
    ) -> Result<(), Gone> {
        let mut is_readable = ready.to_read;
        if self.is_leaving {
            return self.wait_for_its_leave(now, scratch);
        }
        // What waits already is the beginning of what is sent: the scratch is for the others.
        let was_blocked = !self.unsent.is_empty();
        let mut out = match was_blocked {
            true => std::mem::take(&mut self.unsent),
            false => std::mem::take(&mut scratch.outgoing),
        };
        let mut has_room = ready.to_write || !was_blocked;
        self.has_more = false;
        for round in 1.. {
            // The time first: it may give a protocol leave to go on with what it has left.
            self.due = self.protocol.poll(now, &mut out);
            let used = match out.is_empty() && !self.protocol.is_over() {
                true => self.hear(std::mem::take(&mut is_readable), &mut out, scratch)?,
                false => 0,
            };
            if out.is_empty() && used == 0 {
                break;
            }
            let before = out.len();
            if has_room {
                has_room = self.send(&mut out)?;
            }
            if out.len() < before {
                self.deadline = None; // It takes something.
            }
            if !out.is_empty() || round == ROUNDS {
                self.has_more = out.is_empty();
                break;
            }
        }
        self.settle(out, now, limits, scratch)
    }

    /// Gives the protocol what is here, and says how much it has used.
    fn hear(
        &mut self,
        is_readable: bool,
        out: &mut Vec<u8>,
        scratch: &mut Scratch,
    ) -> Result<usize, Gone> {
        let before = self.left.len();
        if before == 0 && !is_readable {
            return Ok(0);
        }
        scratch.incoming[..before].copy_from_slice(&self.left);
        let came = match is_readable && before < MOST_LEFT {
            true => self.read(&mut scratch.incoming[before..])?,
            false => 0,
        };
        let bytes = &mut scratch.incoming[..before + came];
        let used = self.protocol.receive(bytes, out);
        self.left.clear();
        self.left.extend_from_slice(&bytes[used..]);
        if self.left.is_empty() {
            self.left = Vec::new();
        }
        Ok(used)
    }

    /// Reads once. A connection that ends here has ended without a goodbye.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Gone> {
        for _ in 0..ROUNDS {
            match self.stream.read(into) {
                Ok(0) => return Err(Gone),
                Ok(count) => {
                    // There may be more where no descriptor tells of it.
                    self.has_more = count == into.len();
                    return Ok(count);
                }
                // Progress without bytes: half a record, or a signal.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
                Err(_) => return Err(Gone),
            }
        }
        self.has_more = true;
        Ok(0)
    }

    /// Sends what there is room for, and says whether there is more room.
    fn send(&mut self, out: &mut Vec<u8>) -> Result<bool, Gone> {
        let mut sent = 0;
        let has_room = loop {
            match self.stream.write(&out[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break false,
                Err(_) => return Err(Gone),
            }
            if sent == out.len() {
                break true;
            }
        };
        out.drain(..sent);
        Ok(has_room)
    }
}
// ANCHOR_END: turn

// ANCHOR: settle
impl Upgraded {
    /// Puts away what could not be sent, and begins the end if all has been said.
    fn settle(
        &mut self,
        mut out: Vec<u8>,
        now: Instant,
        limits: &DriverLimits,
        scratch: &mut Scratch,
    ) -> Result<(), Gone> {
        let is_over = self.protocol.is_over();
        if !out.is_empty() {
            // Who has been told to go has no more than a moment for it.
            let patience = if is_over {
                limits.goodbye
            } else {
                limits.write_timeout
            };
            let deadline = *self.deadline.get_or_insert(now + patience);
            if is_over {
                self.deadline = Some(deadline.min(now + limits.goodbye));
            }
            self.unsent = out;
            return if now >= deadline { Err(Gone) } else { Ok(()) };
        }
        self.deadline = None;
        out.shrink_to(KEPT_SCRATCH);
        scratch.outgoing = out;
        if is_over {
            self.begin_to_leave(now + limits.goodbye)
                .map_err(|_| Gone)?;
        }
        Ok(())
    }

    /// Closes our side, and gives the client a moment to close its own: what it has sent on the
    /// way would turn a close at once into a reset, which can overtake our last words.
    fn begin_to_leave(&mut self, deadline: Instant) -> io::Result<()> {
        self.stream.say_goodbye();
        self.stream.socket().shutdown(Shutdown::Write)?;
        self.is_leaving = true;
        self.left = Vec::new();
        self.due = None;
        self.deadline = Some(deadline);
        Ok(())
    }

    fn wait_for_its_leave(&mut self, now: Instant, scratch: &mut Scratch) -> Result<(), Gone> {
        let is_late = self.deadline.is_some_and(|deadline| now >= deadline);
        match self.read(&mut scratch.incoming) {
            Ok(_) if !is_late => Ok(()),
            _ => Err(Gone),
        }
    }
}

/// One long message must not be remembered for ever.
const KEPT_SCRATCH: usize = 256 * 1024;
// ANCHOR_END: settle
