//! Stopping a server from outside: a bell that wakes it, and a place to wait.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use crate::Bell;
// ANCHOR_END: imports

// ANCHOR: control
/// What a server and its handles share.
#[derive(Debug)]
pub(crate) struct Control {
    /// Rung by somebody who wants the server to stop.
    pub(crate) stop: Bell,
    serving: Mutex<Option<ThreadId>>,
    finished: Condvar,
}

impl Control {
    pub(crate) fn new() -> io::Result<Control> {
        Ok(Control {
            stop: Bell::new()?,
            serving: Mutex::new(None),
            finished: Condvar::new(),
        })
    }

    /// Marks this thread as the one that serves, for as long as the shift lasts.
    pub(crate) fn begin_shift(self: &Arc<Control>) -> Result<Shift, ServeError> {
        let mut serving = self.lock();
        if serving.is_some() {
            return Err(ServeError::AlreadyServing);
        }
        *serving = Some(thread::current().id());
        Ok(Shift(Arc::clone(self)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<ThreadId>> {
        // The value is one word: a panic cannot leave it half-written.
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time in which a server serves. When it ends, however it ends, those who wait for the
/// server to stop are told, and the request to stop is used up.
pub(crate) struct Shift(Arc<Control>);

impl Drop for Shift {
    fn drop(&mut self) {
        let mut serving = self.0.lock();
        *serving = None;
        self.0.stop.silence();
        self.0.finished.notify_all();
    }
}
// ANCHOR_END: control

// ANCHOR: handle
/// A way to stop a server from another thread.
#[derive(Clone, Debug)]
pub struct Handle(pub(crate) Arc<Control>);

impl Handle {
    /// Asks the server to stop, and returns when it has.
    ///
    /// If it does not serve yet, the next [`serve_forever`](crate::WsgiServer::serve_forever)
    /// returns at once. From inside of the server's own loop, waiting would be for ever; that is
    /// an error.
    pub fn shutdown(&self) -> Result<(), ServeError> {
        let control = &self.0;
        let mut serving = control.lock();
        if *serving == Some(thread::current().id()) {
            return Err(ServeError::ShutdownFromInside);
        }
        control.stop.ring();
        while serving.is_some() {
            serving = control
                .finished
                .wait(serving)
                .unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }
}

/// What a server cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServeError {
    /// Serve in two threads at once: this server does one thing at a time.
    AlreadyServing,
    /// Wait for its own end.
    ShutdownFromInside,
}

impl Display for ServeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            ServeError::AlreadyServing => "this server is serving already",
            ServeError::ShutdownFromInside => {
                "shutdown waits for the server's loop, so the loop cannot call it: \
                 call it from another thread"
            }
        })
    }
}

impl Error for ServeError {}
// ANCHOR_END: handle
