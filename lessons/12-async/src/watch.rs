//! Sockets in the sight of the runtime.

// ANCHOR: watch
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use tokio::io::unix::AsyncFd;

/// Lets the runtime watch a socket: tokio's epoll is told of it here, and forgets it when what is
/// returned is dropped.
#[allow(unsafe_code)]
pub(crate) fn watch<S: AsFd + AsRawFd>(socket: S) -> io::Result<AsyncFd<S>> {
    // Safety: whoever implements `AsFd` owns an open descriptor for as long as it lives, and none
    // of those that we watch (a listener, a shared stream, a bell) ever changes it.
    let watched = unsafe { AsyncFd::register(socket) };
    Ok(watched?)
}
// ANCHOR_END: watch
