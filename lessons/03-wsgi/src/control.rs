//! Stopping a server from outside: a flag, a descriptor that wakes it, and a place to wait.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
// ANCHOR_END: imports

// ANCHOR: control
/// What a server and its handles share.
///
/// A server that waits for clients sleeps in the kernel, where no flag can reach it. A byte in a
/// socket pair can: the server waits for that descriptor together with its listener. (Python's
/// `socketserver` looks at its flag every half second instead.)
#[derive(Debug)]
pub(crate) struct Control {
    stop: AtomicBool,
    wake_sender: UnixStream,
    wake_receiver: UnixStream,
    serving: Mutex<Option<ThreadId>>,
    finished: Condvar,
}

impl Control {
    pub(crate) fn new() -> io::Result<Control> {
        let (wake_sender, wake_receiver) = UnixStream::pair()?;
        wake_sender.set_nonblocking(true)?;
        wake_receiver.set_nonblocking(true)?;
        Ok(Control {
            stop: AtomicBool::new(false),
            wake_sender,
            wake_receiver,
            serving: Mutex::new(None),
            finished: Condvar::new(),
        })
    }

    /// Marks this thread as the one that serves, for as long as the turn lives.
    pub(crate) fn begin_turn(self: &Arc<Control>) -> Result<Turn, ServeError> {
        let mut serving = self.lock();
        if serving.is_some() {
            return Err(ServeError::AlreadyServing);
        }
        *serving = Some(thread::current().id());
        Ok(Turn(Arc::clone(self)))
    }

    /// Whether somebody asked the server to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// The descriptor that becomes readable when somebody asks the server to stop.
    pub(crate) fn wake_descriptor(&self) -> BorrowedFd<'_> {
        self.wake_receiver.as_fd()
    }

    fn lock(&self) -> MutexGuard<'_, Option<ThreadId>> {
        // The value is one word: a panic cannot leave it half-written.
        self.serving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time in which a server serves. When it ends, however it ends, those who wait for the
/// server to stop are told, and the request to stop is used up.
pub(crate) struct Turn(Arc<Control>);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut serving = self.0.lock();
        *serving = None;
        if self.0.stop.swap(false, Ordering::SeqCst) {
            let mut bytes = [0; 16];
            while matches!((&self.0.wake_receiver).read(&mut bytes), Ok(1..)) {}
        }
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
        control.stop.store(true, Ordering::SeqCst);
        // A full socket means that the server is being woken already.
        let _ = (&control.wake_sender).write(&[0]);
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
