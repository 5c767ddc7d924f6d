//! What the one who accepts has to say.

// ANCHOR: imports
use std::fmt::Display;
use std::io;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use terminal::say;
// ANCHOR_END: imports

// ANCHOR: report
/// Says something, unless it would have to wait until somebody listens.
///
/// A log often goes into a pipe. If its reader does not read, the pipe gets full, and whoever
/// writes to it stands still. The one who accepts must not: nobody would be served any more, and
/// nobody could stop the server. Its line is lost instead.
pub fn report(text: impl Display) {
    let now = Timespec::default();
    let log = io::stderr();
    // A pipe that takes anything takes a page, and these lines are shorter.
    if let Ok(1..) = poll(&mut [PollFd::new(&log, PollFlags::OUT)], Some(&now)) {
        say(text);
    }
}
// ANCHOR_END: report
