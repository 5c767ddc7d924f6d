//! What other threads have to tell the loop.

// ANCHOR: imports
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use lesson03::Bell;
use lesson07::{Conversation, Papers};

use lesson09::Token;
// ANCHOR_END: imports

// ANCHOR: calls
/// Something that another thread tells the loop.
pub(crate) enum Call {
    /// Somebody has something to say to this client.
    Wake(Token),
    /// The application's turn is over; `None` if that went wrong.
    Back(Token, Option<Box<Away>>),
}

/// A conversation that is away, and what it took along.
pub(crate) struct Away {
    pub(crate) conversation: Conversation,
    pub(crate) papers: Box<Papers>,
}

/// The calls that wait for a loop, and the bell that it hears in its sleep.
pub struct Calls<C> {
    waiting: Mutex<Vec<C>>,
    bell: Bell,
}

impl<C> Calls<C> {
    /// No calls yet.
    pub fn new() -> io::Result<Arc<Calls<C>>> {
        Ok(Arc::new(Calls {
            waiting: Mutex::default(),
            bell: Bell::new()?,
        }))
    }

    /// Tells the loop. The first one who does so rings, and the others come along.
    pub fn call(&self, call: C) {
        let mut waiting = self.lock();
        let is_first = waiting.is_empty();
        waiting.push(call);
        drop(waiting);
        if is_first {
            self.bell.ring();
        }
    }

    /// Takes all calls. The bell is silenced before: a call that comes in between rings again, and
    /// none is lost.
    pub fn take(&self) -> Vec<C> {
        self.bell.rings();
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<C>> {
        // Nobody panics while a call is put down or picked up.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> AsFd for Calls<C> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
// ANCHOR_END: calls

// ANCHOR: waker
/// Wakes the loop for one client: what a protocol gets when it is opened.
pub(crate) fn waker(calls: &Arc<Calls<Call>>, token: Token) -> Waker {
    struct OneClient(Arc<Calls<Call>>, Token);

    impl Wake for OneClient {
        fn wake(self: Arc<OneClient>) {
            self.0.call(Call::Wake(self.1));
        }
    }

    Waker::from(Arc::new(OneClient(Arc::clone(calls), token)))
}
// ANCHOR_END: waker
