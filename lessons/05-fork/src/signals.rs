//! Signals as bytes in a descriptor, so that they can be waited for like everything else.

// ANCHOR: imports
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};
// ANCHOR_END: imports

// ANCHOR: bell
/// Rings when one of its signals arrives, or when somebody rings it.
///
/// A signal can interrupt the program between any two instructions, even inside of the memory
/// allocator, so a handler may do next to nothing. Ours sets a flag and writes one byte into a
/// socket pair (the self-pipe trick). The main loop waits for the other end and does the work in
/// peace.
#[derive(Debug)]
pub struct Bell {
    has_rung: Arc<AtomicBool>,
    sender: UnixStream,
    receiver: UnixStream,
}

impl Bell {
    /// A bell without a signal, for somebody in this process to ring.
    pub fn new() -> io::Result<Bell> {
        let (sender, receiver) = UnixStream::pair()?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Bell {
            has_rung: Arc::default(),
            sender,
            receiver,
        })
    }

    /// A bell for the end of a child: `SIGCHLD`.
    pub fn for_children() -> io::Result<Bell> {
        Bell::for_signals(&[SIGCHLD])
    }

    /// A bell for being told to stop: `SIGTERM`, and `SIGINT`, which is Ctrl-C.
    pub fn for_stop() -> io::Result<Bell> {
        Bell::for_signals(&[SIGTERM, SIGINT])
    }

    fn for_signals(signals: &[i32]) -> io::Result<Bell> {
        let bell = Bell::new()?;
        for &signal in signals {
            // In this order: whoever sees the flag can empty the pair, and the byte that remains
            // there is another signal. The handler may run on a thread of its own.
            pipe::register(signal, bell.sender.try_clone()?)?;
            flag::register(signal, Arc::clone(&bell.has_rung))?;
        }
        Ok(bell)
    }

    /// Rings it.
    pub fn ring(&self) {
        // If the pair is full, it has been ringing for a while.
        let _ = (&self.sender).write(&[0]);
        self.has_rung.store(true, Ordering::SeqCst);
    }

    /// Whether it has ever rung. This costs no system call.
    pub fn has_rung(&self) -> bool {
        self.has_rung.load(Ordering::SeqCst)
    }

    /// How often it has rung since the last call. Signals of a kind that arrive together may
    /// count as one: the kernel keeps a mark for each kind, not a queue.
    pub fn rings(&self) -> usize {
        let mut bytes = [0; 64];
        let mut rings = 0;
        while let Ok(count @ 1..) = (&self.receiver).read(&mut bytes) {
            rings += count;
        }
        rings
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.as_fd()
    }
}
// ANCHOR_END: bell

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_counts_its_rings_and_remembers_that_it_rang() {
        let bell = Bell::new().unwrap();
        assert!(!bell.has_rung() && bell.rings() == 0);
        bell.ring();
        bell.ring();
        assert_eq!(bell.rings(), 2);
        assert!(bell.has_rung() && bell.rings() == 0);
    }

    #[test]
    fn a_signal_rings_its_bell() {
        let bell = Bell::for_signals(&[signal_hook::consts::SIGUSR2]).unwrap();
        signal_hook::low_level::raise(signal_hook::consts::SIGUSR2).unwrap();
        assert!(bell.has_rung());
        assert_eq!(bell.rings(), 1);
    }
}
