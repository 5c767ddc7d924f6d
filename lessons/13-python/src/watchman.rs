//! Somebody who hears the signals, whoever has the interpreter's lock.

// ANCHOR: watchman
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use lesson03::Bell;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::low_level;
use terminal::say;

/// Starts the watchman: at the first signal the server is asked to stop, and at the second, or when
/// the time for that is over, the process ends.
///
/// Python handles signals between two of its instructions, on its main thread. An application that
/// computes for an hour in C has none. This thread needs nothing of Python, and ends the process as
/// `_exit` does, which asks nobody.
pub(crate) fn hear(signals: Bell, stop: Arc<Bell>, stop_timeout: Duration) -> io::Result<()> {
    let named = thread::Builder::new().name("watchman".to_owned());
    named.spawn(move || {
        let mut rings = wait_for(&signals, None);
        stop.ring();
        let deadline = Instant::now() + stop_timeout;
        if rings == 1 {
            rings += wait_for(&signals, Some(deadline));
        }
        say(match rings {
            1 => "out of time; stopped",
            _ => "stopped at once",
        });
        low_level::exit(1);
    })?;
    Ok(())
}

/// Waits for the bell, but not beyond the deadline. Says how often it has rung.
fn wait_for(bell: &Bell, deadline: Option<Instant>) -> usize {
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let at_most = left.and_then(|left| Timespec::try_from(left).ok());
        let _ = poll(&mut [PollFd::new(bell, PollFlags::IN)], at_most.as_ref());
        let rings = bell.rings();
        if rings > 0 || left.is_some_and(|left| left.is_zero()) {
            return rings;
        }
    }
}
// ANCHOR_END: watchman
