//! Where others reach the thread that drives all sockets.

// ANCHOR: imports
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::time::Instant;

use lesson02::Stream;
use lesson03::{Bell, Protocol};

use crate::places::Token;
// ANCHOR_END: imports

// ANCHOR: switchboard
/// What others have for the driver: new connections, and calls for those that it has.
pub(crate) struct Switchboard {
    pub(crate) bell: Bell,
    /// Whether the driver is about to look in here anyway.
    is_awake: AtomicBool,
    calls: Mutex<Calls>,
    some_left: Condvar,
}

#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) newcomers: Vec<Newcomer>,
    pub(crate) woken: Vec<Token>,
    /// Whether the driver shall let go of everybody and end.
    pub(crate) is_ending: bool,
    /// How many connections it has, or will have when it has looked in here.
    open: usize,
}

/// A connection that is handed over.
pub(crate) struct Newcomer {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) protocol: Box<dyn Protocol>,
    pub(crate) received: Vec<u8>,
}

impl Switchboard {
    pub(crate) fn new() -> io::Result<Switchboard> {
        Ok(Switchboard {
            bell: Bell::new()?,
            is_awake: AtomicBool::new(false),
            calls: Mutex::default(),
            some_left: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        // Each change is whole before anything could panic.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a call. One ring is enough for any number of them, and none is needed while the
    /// driver is awake: it looks in here before it goes to sleep.
    fn call(&self, leave: impl FnOnce(&mut Calls)) {
        leave(&mut self.lock());
        if !self.is_awake.swap(true, Ordering::SeqCst) {
            self.bell.ring();
        }
    }

    pub(crate) fn hand_over(&self, newcomer: Newcomer) {
        self.call(|calls| {
            if !calls.is_ending {
                calls.open += 1;
                calls.newcomers.push(newcomer);
            }
        });
    }

    /// Lets go of everybody.
    pub(crate) fn end(&self) {
        self.call(|calls| calls.is_ending = true);
    }

    /// The driver takes its calls. If there are none, it may go to sleep, and is rung for.
    pub(crate) fn take(&self) -> Option<Calls> {
        self.is_awake.store(false, Ordering::SeqCst);
        let mut calls = self.lock();
        let is_empty = calls.newcomers.is_empty() && calls.woken.is_empty() && !calls.is_ending;
        if is_empty {
            return None;
        }
        self.is_awake.store(true, Ordering::SeqCst);
        Some(Calls {
            newcomers: std::mem::take(&mut calls.newcomers),
            woken: std::mem::take(&mut calls.woken),
            ..*calls
        })
    }

    /// The driver has been woken, by whatever.
    pub(crate) fn wake_up(&self) {
        self.is_awake.store(true, Ordering::SeqCst);
    }

    pub(crate) fn one_left(&self) {
        self.lock().open -= 1;
        self.some_left.notify_all();
    }

    pub(crate) fn open(&self) -> usize {
        self.lock().open
    }

    /// Waits until no connection is left, but no longer than this. Says whether that is so.
    pub(crate) fn all_left(&self, deadline: Instant) -> bool {
        let mut calls = self.lock();
        while calls.open > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.some_left.wait_timeout(calls, left);
            calls = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// What a connection's mailbox calls.
pub(crate) struct Call {
    pub(crate) switchboard: Arc<Switchboard>,
    pub(crate) token: Token,
}

impl Wake for Call {
    fn wake(self: Arc<Call>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Call>) {
        self.switchboard.call(|calls| calls.woken.push(self.token));
    }
}
// ANCHOR_END: switchboard
