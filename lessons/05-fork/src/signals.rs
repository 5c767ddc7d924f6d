//! Signals that ring a bell, so that they can be waited for like everything else.

// ANCHOR: imports
use std::io;

use lesson03::Bell;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};
// ANCHOR_END: imports

// ANCHOR: signals
/// Lets signals ring a bell.
///
/// A signal can interrupt the program between any two instructions, even inside of the memory
/// allocator, so a handler may do next to nothing. Ours sets a flag and writes one byte into a
/// socket pair (the self-pipe trick). The main loop waits for the other end and does the work in
/// peace.
///
/// Signals of a kind that arrive together may count as one ring: the kernel keeps a mark for each
/// kind, not a queue.
pub fn ring_on_signals(bell: &Bell, signals: &[i32]) -> io::Result<()> {
    for &signal in signals {
        let (sender, has_rung) = bell.parts()?;
        // In this order: whoever sees the flag can empty the pair, and the byte that remains
        // there is another signal. The handler may run on a thread of its own.
        pipe::register(signal, sender)?;
        flag::register(signal, has_rung)?;
    }
    Ok(())
}

/// A bell for being told to stop: `SIGTERM`, and `SIGINT`, which is Ctrl-C.
pub fn stop_bell() -> io::Result<Bell> {
    let bell = Bell::new()?;
    ring_on_signals(&bell, &[SIGTERM, SIGINT])?;
    Ok(bell)
}

/// A bell for the end of a child: `SIGCHLD`.
pub fn child_bell() -> io::Result<Bell> {
    let bell = Bell::new()?;
    ring_on_signals(&bell, &[SIGCHLD])?;
    Ok(bell)
}
// ANCHOR_END: signals

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_rings_its_bell() {
        let bell = Bell::new().unwrap();
        ring_on_signals(&bell, &[signal_hook::consts::SIGUSR2]).unwrap();
        signal_hook::low_level::raise(signal_hook::consts::SIGUSR2).unwrap();
        assert!(bell.has_rung());
        assert_eq!(bell.rings(), 1);
    }
}
