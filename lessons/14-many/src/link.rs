//! What a process knows of the others: whether there is a way to them, and what it has heard.

// ANCHOR: imports
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use lesson09::Channels;
// ANCHOR_END: imports

// ANCHOR: letter
/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    /// Which process has sent it, and how many it had sent before.
    pub(crate) from: String,
    pub(crate) number: u64,
    pub(crate) channel: String,
    pub(crate) text: String,
}

/// What has happened to the connection with all the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is lost. What is said now is heard here, and elsewhere later, if at all.
    Alone,
    /// It is there again.
    Together,
    /// Something was said that was not heard here, and never will be.
    Missed,
}
// ANCHOR_END: letter

// ANCHOR: link
/// What the two threads of a bus and those who publish have in common.
pub(crate) struct Link {
    /// Where Redis is.
    pub(crate) address: SocketAddr,
    /// The name of this process among all others.
    pub(crate) own: String,
    pub(crate) channels: Channels,
    tell: Box<dyn Fn(Change) + Send + Sync>,
    is_up: AtomicBool,
    sides: Mutex<[bool; 2]>,
    heard: Mutex<Heard>,
}

/// Which thread of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Sends,
    Reads,
}

/// What has been heard in this process already.
#[derive(Debug, Default)]
struct Heard {
    /// The last number of each process, out of the stream.
    last: HashMap<String, u64>,
    /// Numbers of our own that were delivered here because Redis was not there.
    here: BTreeSet<u64>,
}

impl Link {
    /// A link that is not there yet. Until it is we are alone, and nobody need be told.
    pub(crate) fn new(
        address: SocketAddr,
        channels: Channels,
        tell: impl Fn(Change) + Send + Sync + 'static,
    ) -> Link {
        let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO);
        Link {
            address,
            own: format!("{}-{}", process::id(), since.as_nanos()),
            channels,
            tell: Box::new(tell),
            is_up: AtomicBool::new(false),
            sides: Mutex::default(),
            heard: Mutex::default(),
        }
    }

    /// Whether what is sent now comes back.
    pub(crate) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::SeqCst)
    }

    /// One of the threads has a connection, or has none any more. Tells whether it had one before.
    pub(crate) fn set(&self, side: Side, is_up: bool) -> bool {
        let mut sides = lock(&self.sides);
        let before = std::mem::replace(&mut sides[side as usize], is_up);
        let both = sides[0] && sides[1];
        if self.is_up.swap(both, Ordering::SeqCst) != both {
            // The lock is held, so that nobody hears of it in the wrong order.
            (self.tell)(if both {
                Change::Together
            } else {
                Change::Alone
            });
        }
        before
    }

    /// Whether a message of our own, which may never come back, is news here. After this it is
    /// not.
    pub(crate) fn may_be_heard_here(&self, number: u64) -> bool {
        let mut heard = lock(&self.heard);
        let came_back = heard.last.get(&self.own).copied() >= Some(number);
        !came_back && heard.here.insert(number)
    }

    /// A letter came out of the stream: it is delivered, unless it is known.
    ///
    /// A letter may be there twice: if the answer to `XADD` is lost, nobody knows whether it was
    /// written, so it is written again. The numbers of a process rise by one; if they rise by more,
    /// something is missing, and those who listen are told.
    pub(crate) fn came(&self, letter: &Letter) {
        let mut heard = lock(&self.heard);
        let last = heard.last.get(&letter.from).copied();
        if last >= Some(letter.number) {
            return;
        }
        heard.last.insert(letter.from.clone(), letter.number);
        let is_own = letter.from == self.own;
        let was_heard_here = is_own && heard.here.remove(&letter.number);
        // Processes come and go; those that have gone need not be remembered for ever.
        if heard.last.len() > 10_000 {
            heard.last.clear();
        }
        drop(heard);
        if !is_own && last.is_some_and(|last| letter.number > last + 1) {
            self.missed();
        }
        if !was_heard_here {
            self.channels.deliver(&letter.channel, letter.text.as_str());
        }
    }

    /// Something was said that will never be heard here.
    pub(crate) fn missed(&self) {
        (self.tell)(Change::Missed);
    }
}

// ANCHOR_END: link

// ANCHOR: lock
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is whole before anything could panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
// ANCHOR_END: lock
