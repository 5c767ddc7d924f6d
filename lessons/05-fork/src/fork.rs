//! `fork`, with everything around it that must not be forgotten.

// ANCHOR: imports
use std::io::{self, Write};

use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::unistd::{ForkResult, Pid};
// ANCHOR_END: imports

// ANCHOR: fork
/// Which of the two processes we are after a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that called, with the other one's number.
    Parent(Pid),
    /// The copy.
    Child,
}

/// Makes a copy of this process.
///
/// The caller must be the only thread: a fork copies the calling thread and nothing else, and a
/// lock that another thread held would stay locked in the copy for ever. [`only_thread`] tells.
pub fn fork() -> nix::Result<Side> {
    // What waits in a buffer is copied with it, and would be written twice. Standard error has
    // no buffer.
    let _ = io::stdout().flush();
    // A signal between the fork and the child's own settings would be handled by the parent's
    // handler in the child, and ring the parent's bell.
    let all = SigSet::all();
    let before = all.thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)?;
    // Safety: there is no other thread, so the child may do whatever this process may.
    #[allow(unsafe_code)]
    let result = unsafe { nix::unistd::fork() };
    if let Ok(ForkResult::Child) = result {
        take_over_signals();
    }
    before.thread_set_mask()?;
    Ok(match result? {
        ForkResult::Parent { child } => Side::Parent(child),
        ForkResult::Child => Side::Child,
    })
}

/// Gives a child its own way with signals.
///
/// Ctrl-C goes to every process of the terminal's group. It asks the server to finish what it
/// has begun, so the children, who are what it has begun, ignore it; the server ends them with
/// `SIGTERM` when it comes to that.
fn take_over_signals() {
    for (kind, handler) in [
        (Signal::SIGINT, SigHandler::SigIgn),
        (Signal::SIGTERM, SigHandler::SigDfl),
        (Signal::SIGCHLD, SigHandler::SigDfl),
    ] {
        // Safety: neither handler is a function, so there is none that could be unsafe.
        #[allow(unsafe_code)]
        // These three signals exist and can be set; a failure would change nothing else.
        let _ = unsafe { signal(kind, handler) };
    }
}
// ANCHOR_END: fork

// ANCHOR: exit
/// Ends a child at once, without the things that a program does when it returns from `main`.
///
/// Those are the parent's: to flush what the parent had buffered, to remove its files, to run
/// its destructors.
pub fn exit_child(code: i32) -> ! {
    // Safety: `_exit` takes any number and does not return.
    #[allow(unsafe_code)]
    unsafe {
        nix::libc::_exit(code)
    }
}

/// Whether this process has one thread, from the kernel's own list.
pub fn only_thread() -> io::Result<bool> {
    Ok(std::fs::read_dir("/proc/self/task")?.count() == 1)
}
// ANCHOR_END: exit
