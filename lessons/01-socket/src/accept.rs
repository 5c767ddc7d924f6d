//! Accepting, whatever happens.

// ANCHOR: imports
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use socket2::Socket;
use terminal::say;
// ANCHOR_END: imports

// ANCHOR: accept
/// Waits for the next client. It returns only with one: a failed `accept` never ends a server.
pub fn accept(listener: &Socket) -> (Socket, SocketAddr) {
    loop {
        match listener.accept() {
            Ok((client, peer)) => {
                // Our listeners are IPv4 or IPv6, so a peer of another family cannot appear.
                let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
                return (client, peer.as_socket().unwrap_or(nowhere));
            }
            Err(error) => recover(&error),
        }
    }
}
// ANCHOR_END: accept

// ANCHOR: recover
/// Waits until it makes sense to try `accept` again.
///
/// `EINTR` (interrupted), `ECONNABORTED` and `EPROTO` (this client has left already) and `EAGAIN`
/// (nobody is there after all) concern one connection or none: try again at once. Anything else
/// (`EMFILE`, `ENFILE`, `ENOMEM`: no descriptor or memory left) fails again at once too, for as
/// long as it lasts, so a loop without a pause would burn a core and fill a disk with log lines.
/// The client is not lost meanwhile: it waits in the backlog.
pub fn recover(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, Interrupted, WouldBlock};
    const EPROTO: i32 = 71; // The standard library has no kind for it.
    if matches!(error.kind(), Interrupted | ConnectionAborted | WouldBlock)
        || error.raw_os_error() == Some(EPROTO)
    {
        return;
    }
    say(format_args!("accept: {error}; trying again in a moment"));
    thread::sleep(Duration::from_millis(100));
}
// ANCHOR_END: recover
