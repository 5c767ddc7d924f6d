//! The end of a server, for clients that have not said anything yet.

// ANCHOR: imports
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use lesson03::{Bell, Client};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
// ANCHOR_END: imports

// ANCHOR: closing
/// The news that a server stops, for those who wait for a client's first byte.
///
/// Whoever sleeps in a read hears nothing else. So nobody reads from a client that has not begun:
/// one `poll` waits for its first byte and for this bell. It rings once and nobody empties it, so
/// it stays readable for all who look, also in processes that were forked before it rang.
#[derive(Debug)]
pub struct Closing {
    bell: Bell,
    /// When it began. A process that was forked before has a copy, and learns of it later.
    since: OnceLock<Instant>,
    last_moment: Duration,
}

impl Closing {
    /// A server that does not stop yet, and then has so much time for it.
    pub fn new(stop_timeout: Duration) -> io::Result<Closing> {
        Ok(Closing {
            bell: Bell::new()?,
            since: OnceLock::new(),
            // A request that begins in the last moment still has the other half.
            last_moment: Duration::from_secs(1).min(stop_timeout / 2),
        })
    }

    /// Tells everybody.
    pub fn begin(&self) {
        self.since.get_or_init(Instant::now);
        self.bell.ring();
    }

    /// Waits until `client` says something or leaves, but no longer than `patience`, and no
    /// longer than a last moment once the server stops. Tells whether there is anything to read.
    pub fn lets_begin(&self, client: &Client, patience: Duration) -> bool {
        let deadline = client.accepted + patience;
        let mut both = [
            PollFd::new(&client.stream, PollFlags::IN),
            PollFd::new(&self.bell, PollFlags::IN),
        ];
        wait(&mut both, deadline);
        let [client, bell] = &mut both;
        if client.revents().is_empty() && !bell.revents().is_empty() {
            let since = *self.since.get_or_init(Instant::now);
            let deadline = deadline.min(since + self.last_moment);
            wait(std::slice::from_mut(client), deadline);
        }
        !client.revents().is_empty()
    }
}

/// Waits for one of the descriptors, until the deadline.
fn wait(descriptors: &mut [PollFd], deadline: Instant) {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // A duration that the kernel cannot express is as good as none.
        match poll(descriptors, Timespec::try_from(left).ok().as_ref()) {
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}
// ANCHOR_END: closing

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    fn pair() -> (TcpStream, Client) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, peer) = listener.accept().unwrap();
        (client, Client::new(stream, peer))
    }

    #[test]
    fn silence_lasts_until_the_last_moment_and_not_until_patience_ends() {
        let (_client, server) = pair();
        let closing = Closing::new(Duration::from_millis(100)).unwrap();
        closing.begin();
        for _ in 0..2 {
            assert!(!closing.lets_begin(&server, Duration::from_secs(3600)));
        }
    }

    #[test]
    fn what_has_come_and_an_end_that_has_come_can_be_read_however_late() {
        let closing = Closing::new(Duration::ZERO).unwrap();
        closing.begin();
        let (mut client, server) = pair();
        client.write_all(b"G").unwrap();
        assert!(closing.lets_begin(&server, Duration::from_secs(3600)));
        let (client, server) = pair();
        drop(client);
        assert!(closing.lets_begin(&server, Duration::from_secs(3600)));
    }

    #[test]
    fn patience_has_an_end_without_a_stop_too() {
        let (_client, server) = pair();
        let closing = Closing::new(Duration::from_secs(3600)).unwrap();
        assert!(!closing.lets_begin(&server, Duration::from_millis(10)));
    }
}
