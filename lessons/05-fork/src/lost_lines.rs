//! The lines of the log that children have lost.

// ANCHOR: imports
use std::io;
use std::os::fd::OwnedFd;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{read, write};
use terminal::{lose, take_lost};
// ANCHOR_END: imports

// ANCHOR: lost_lines
/// Brings the count of lost lines from children that end to their parent.
///
/// A child counts in its own memory, which ends with it. What a fork does not copy is what a
/// descriptor stands for, and here that is a number in the kernel: to write is to add to it, and
/// to read is to take it and to leave nothing.
#[derive(Debug)]
pub(crate) struct LostLines(OwnedFd);

impl LostLines {
    pub(crate) fn new() -> io::Result<LostLines> {
        // Who reads when it is nothing, or writes when it is too large, does not wait.
        let flags = EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC;
        Ok(LostLines(eventfd(0, flags)?))
    }

    /// In the parent, after a fork: what was lost so far is the child's to tell. It has a copy of
    /// the count, and will say something sooner than its parent.
    pub(crate) fn leave_to_child(&self) {
        take_lost();
    }

    /// In a child, before it ends: what it has not told is the parent's again.
    pub(crate) fn bring_home(&self) {
        // If this fails, there is nobody to tell.
        let _ = write(&self.0, &take_lost().to_ne_bytes());
    }

    /// In the parent: takes over what children brought home.
    pub(crate) fn collect(&self) {
        let mut count = [0; 8];
        // A failure says that there is nothing.
        if read(&self.0, &mut count).is_ok() {
            lose(u64::from_ne_bytes(count));
        }
    }
}
// ANCHOR_END: lost_lines
