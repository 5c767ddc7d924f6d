//! Another protocol, on the greenlet that has the connection already.

// ANCHOR: imports
use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use lesson02::Stream;
use lesson03::{Bell, Protocol};
use lesson07::Upgrader;
use lesson09::{DriverLimits, Ready, Scratch, Upgraded, Wish};

use crate::hub::Woken;
use crate::wait::{give_way, wait_for, waker};
// ANCHOR_END: imports

// ANCHOR: upgrade
/// Lesson 7's driver hands a connection over and is done with it. Here that is a call that returns
/// when the protocol is over: the greenlet goes on as its driver.
pub(crate) struct InPlace {
    /// Who knows the protocols, and whom a stop concerns.
    pub(crate) upgrader: Arc<dyn Upgrader>,
    /// Rung when the server stops.
    pub(crate) stop: Arc<Bell>,
}

impl Upgrader for InPlace {
    fn protocols(&self) -> &'static str {
        self.upgrader.protocols()
    }

    fn take_over(&self, stream: Box<dyn Stream>, protocol: Box<dyn Protocol>, received: Vec<u8>) {
        let mut upgraded = Upgraded::new(stream, protocol, received);
        // An error means that nobody can wait here any more. The connection is gone either way.
        let _ = self.drive(&mut upgraded);
        upgraded.lost();
    }

    fn closing(&self) {
        self.upgrader.closing();
    }
}

impl InPlace {
    fn drive(&self, upgraded: &mut Upgraded) -> io::Result<()> {
        upgraded.open(waker()?);
        if self.stop.has_rung() {
            self.closing(); // It came too late to be told with the others.
        }
        let limits = DriverLimits::default();
        let mut ready = Ready::TO_BOTH;
        while with_scratch(|scratch| {
            let turn = upgraded.turn(ready, Instant::now(), &limits, scratch);
            turn.is_ok()
        }) {
            ready = wait(upgraded)?;
        }
        Ok(())
    }
}

/// Waits for whatever lets the protocol go on, and says what that is.
fn wait(upgraded: &Upgraded) -> io::Result<Ready> {
    if upgraded.has_more() {
        give_way()?;
        return Ok(Ready::TO_READ);
    }
    let (socket, wish) = (upgraded.stream().socket(), upgraded.wish());
    let woken = wait_for(socket, wish, upgraded.next_turn())?;
    Ok(match (woken, wish) {
        (Woken::Ready, Wish::ToWrite) => Ready {
            to_read: false,
            to_write: true,
        },
        (Woken::Ready, _) => Ready::TO_READ,
        (Woken::Called | Woken::TimeUp, _) => Ready::NOT,
    })
}
// ANCHOR_END: upgrade

// ANCHOR: scratch
thread_local! {
    /// Scratches of nobody. One would do, if no handler ever waited in the middle of a turn.
    static SPARE: RefCell<Vec<Scratch>> = const { RefCell::new(Vec::new()) };
}

/// Lends a scratch for one turn. It is taken out, and not borrowed: should the turn wait, the next
/// greenlet finds another one, and no `RefCell` that somebody else holds.
fn with_scratch<R>(turn: impl FnOnce(&mut Scratch) -> R) -> R {
    let mut scratch = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
    let result = turn(&mut scratch);
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(scratch);
        }
    });
    result
}

/// So many are kept.
const KEPT: usize = 4;
// ANCHOR_END: scratch
