//! Whether something has arrived, and waiting for it: `poll`, for one client or several.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Client;

impl Client {
    /// Whether something has arrived that was not looked at yet, be it bytes or the end. It stays
    /// where it is.
    pub fn has_news(&self) -> bool {
        is_readable(&[self], Duration::ZERO)
    }

    /// Whether the server has given the connection up, seen without reading what it sent before.
    pub fn is_cut_off(&self) -> bool {
        let stream = self.stream.as_fd();
        let mut look = [PollFd::from_borrowed_fd(stream, PollFlags::RDHUP)];
        let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        poll(&mut look, Some(&Timespec::default())).is_ok() && look[0].revents().intersects(gone)
    }
}

/// Waits until something arrives for one of these clients, at most `patience`.
pub fn wait_for_any(clients: &[&Client], patience: Duration) {
    is_readable(clients, patience);
}

pub(super) fn is_readable(clients: &[&Client], patience: Duration) -> bool {
    // A connection that has ended is readable for ever: it would turn waiting into spinning.
    let open = clients.iter().filter(|client| client.end.is_none());
    let mut descriptors: Vec<_> = open
        .map(|client| PollFd::from_borrowed_fd(client.stream.as_fd(), PollFlags::IN))
        .collect();
    let timeout = Timespec {
        tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: patience.subsec_nanos().into(),
    };
    // An interrupted poll is a shorter wait; every caller looks and waits again.
    poll(&mut descriptors, Some(&timeout)).is_ok_and(|ready| ready > 0)
}
