//! Waking a thread that sleeps in the kernel.

// ANCHOR: imports
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
// ANCHOR_END: imports

// ANCHOR: bell
/// A bell: somebody rings it, and a thread that waits for its descriptor wakes up.
///
/// A server that waits for clients sleeps in the kernel, where no flag can reach it. A byte in a
/// socket pair can: the server waits for that descriptor together with its listener. (Python's
/// `socketserver` looks at its flag every half second instead.)
#[derive(Debug)]
pub struct Bell {
    has_rung: Arc<AtomicBool>,
    sender: UnixStream,
    receiver: UnixStream,
}

impl Bell {
    /// A bell that has not rung yet.
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

    /// How often it has rung since the last call.
    pub fn rings(&self) -> usize {
        let mut bytes = [0; 64];
        let mut rings = 0;
        while let Ok(count @ 1..) = (&self.receiver).read(&mut bytes) {
            rings += count;
        }
        rings
    }

    /// Forgets that it has rung.
    pub fn silence(&self) {
        if self.has_rung.swap(false, Ordering::SeqCst) {
            self.rings();
        }
    }

    /// What a ring does, for those who cannot call [`Bell::ring`], like the handler of a signal:
    /// write a byte to this, and then set that.
    pub fn parts(&self) -> io::Result<(UnixStream, Arc<AtomicBool>)> {
        Ok((self.sender.try_clone()?, Arc::clone(&self.has_rung)))
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
        bell.silence();
        assert!(!bell.has_rung());
    }
}
