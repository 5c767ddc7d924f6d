//! What the others may know about a worker, and do to it.

// ANCHOR: seat
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a worker sits.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// The connection in its hands.
    socket: Mutex<Option<Arc<TcpStream>>>,
    /// Whether it waits for another request on it.
    is_resting: AtomicBool,
    /// How many requests it has answered.
    pub(crate) requests: AtomicU64,
}

impl Seat {
    /// Ends the wait for another request: the worker reads the end of the connection, or a
    /// request that has just come, and serves that.
    pub(crate) fn end_resting(&self) {
        if self.is_resting.load(Ordering::SeqCst) {
            self.end_reading();
        }
    }

    /// Lets whoever reads from the connection read its end.
    pub(crate) fn end_reading(&self) {
        if let Some(socket) = &*self.lock() {
            // A connection that has gone already needs no end.
            let _ = socket.shutdown(Shutdown::Read);
        }
    }

    pub(crate) fn take(&self, socket: Arc<TcpStream>) {
        *self.lock() = Some(socket);
    }

    pub(crate) fn rest(&self, rests: bool) {
        self.is_resting.store(rests, Ordering::SeqCst);
    }

    /// Lets go of the connection, so that it can end.
    pub(crate) fn leave(&self) {
        self.rest(false);
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<TcpStream>>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: seat
