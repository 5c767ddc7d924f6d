//! A blocking connection: receive a head before a deadline, send, and close without a reset.

// ANCHOR: imports
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use socket2::{SockRef, Socket};

use crate::log::{trace, trace_rest};
use crate::{Fault, Head, Limits, Scanner};
// ANCHOR_END: imports

// ANCHOR: arm
/// Gives the listening socket the timeouts that its connections shall start with.
///
/// On Linux an accepted socket inherits them, which saves two system calls for each connection.
/// (The listener has them too: an `accept` that waited for so long returns `EAGAIN`, and
/// [`lesson01::recover`] tries again.)
pub fn arm(listener: &Socket, limits: &Limits) -> io::Result<()> {
    listener.set_read_timeout(Some(limits.head_timeout))?;
    listener.set_write_timeout(Some(limits.write_timeout))
}
// ANCHOR_END: arm

// ANCHOR: buffer
/// Bytes received and not yet used up. It is kept from client to client.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    /// Everything received so far.
    pub fn received(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// Empties the buffer and makes room for `size` bytes.
    fn reset(&mut self, size: usize) {
        self.bytes.resize(size, 0);
        self.filled = 0;
    }
}
// ANCHOR_END: buffer

// ANCHOR: connection
/// One client, from `accept` to `close`.
pub struct Connection {
    stream: TcpStream,
    head_deadline: Instant,
    fresh: bool,
    tracing: bool,
}

impl Connection {
    /// Takes a client that was just accepted from an [armed](arm) listener. With `tracing` it
    /// shows everything that passes.
    pub fn new(stream: TcpStream, limits: &Limits, tracing: bool) -> Connection {
        let head_deadline = Instant::now() + limits.head_timeout;
        Connection {
            stream,
            head_deadline,
            fresh: true,
            tracing,
        }
    }
}
// ANCHOR_END: connection

// ANCHOR: receive
impl Connection {
    /// Receives until the head is whole, or a limit, a fault or the deadline says stop.
    ///
    /// `None` means that nothing was asked: the client left, or said nothing until the deadline.
    /// Browsers open spare connections and never use them; there is nobody to answer.
    pub fn receive_head(
        &mut self,
        buffer: &mut Buffer,
        limits: &Limits,
    ) -> Result<Option<Head>, Fault> {
        let mut scanner = Scanner::default();
        buffer.reset(limits.head_bytes);
        loop {
            let started = buffer.filled > 0;
            match self.read(&mut buffer.bytes[buffer.filled..], self.head_deadline) {
                Ok(0) if started => return Err(Fault::Incomplete),
                Ok(0) => return Ok(None),
                Ok(count) => buffer.filled += count,
                Err(error) if error.kind() == ErrorKind::TimedOut && started => {
                    return Err(Fault::HeadTimeout);
                }
                Err(_) => return Ok(None),
            }
            if let Some(extent) = scanner.scan(buffer.received(), limits)? {
                return Head::parse(buffer.received(), extent, limits).map(Some);
            }
        }
    }
}
// ANCHOR_END: receive

// ANCHOR: read
impl Connection {
    /// Reads what has arrived, or waits for it until `deadline`; 0 means that the client is done.
    pub fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            self.wait_no_longer_than(deadline)?;
            match self.stream.read(into) {
                Ok(count) => {
                    if self.tracing {
                        trace('<', &into[..count]);
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err(ErrorKind::TimedOut.into());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sets the timeout of the next read to what is left until `deadline`.
    ///
    /// The first read of a connection has it from the listener already. Most heads come in one
    /// piece, so most connections never pay for a deadline.
    fn wait_no_longer_than(&mut self, deadline: Instant) -> io::Result<()> {
        if std::mem::take(&mut self.fresh) {
            return Ok(());
        }
        match deadline.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => self.stream.set_read_timeout(Some(left)),
            _ => Err(ErrorKind::TimedOut.into()),
        }
    }

    /// Sends all of `bytes`. A client that takes nothing for the write timeout is an error.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.tracing {
            trace('>', bytes);
        }
        self.stream.write_all(bytes)
    }
}
// ANCHOR_END: read

// ANCHOR: ending
/// How to end a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything that the client sent has been read: close.
    Clean,
    /// There may be unread input, on which a plain close would turn into a reset that can
    /// overtake the answer: half-close, read until the client leaves, close (RFC 9112 §9.6).
    Drain,
    /// The answer broke off and must not look complete: reset.
    Reset,
}

impl Connection {
    /// Ends the connection.
    pub fn close(mut self, ending: Ending, limits: &Limits) {
        match ending {
            Ending::Clean => {}
            Ending::Drain => self.drain(limits.drain_timeout),
            Ending::Reset => {
                // If the option cannot be set, the close is a plain one; nothing else to do.
                let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
            }
        }
    }

    fn drain(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return; // The client has left: nobody can be hurt by a reset.
        }
        let tracing = std::mem::take(&mut self.tracing);
        let mut unread = [0; 8 * 1024];
        let mut drained = 0;
        while let Ok(count @ 1..) = self.read(&mut unread, deadline) {
            drained += count;
        }
        if tracing {
            trace_rest('<', drained);
        }
    }
}
// ANCHOR_END: ending

#[cfg(test)]
mod tests {
    use super::*;
    use lesson01::{ReuseAddress, listen};
    use std::net::SocketAddr;

    fn pair(limits: &Limits) -> (TcpStream, TcpStream) {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = listen(any, 5, ReuseAddress::Yes).unwrap();
        arm(&listener, limits).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let client = TcpStream::connect(address).unwrap();
        (client, listener.accept().unwrap().0.into())
    }

    fn brief() -> Limits {
        let brief = Duration::from_millis(50);
        Limits {
            head_timeout: brief,
            drain_timeout: brief,
            ..Limits::default()
        }
    }

    #[test]
    fn an_accepted_socket_inherits_the_timeouts_of_the_listener() {
        let limits = brief();
        let (_client, server) = pair(&limits);
        let about = |timeout: Option<Duration>| timeout.unwrap().as_millis();
        assert!(about(server.read_timeout().unwrap()).abs_diff(50) < 10);
        assert!(about(server.write_timeout().unwrap()).abs_diff(10_000) < 10);
    }

    #[test]
    fn silence_is_not_answered_and_half_a_head_is() {
        let limits = brief();
        for (sent, answered) in [(&b""[..], false), (b"GET / HT", true)] {
            let (mut client, server) = pair(&limits);
            client.write_all(sent).unwrap();
            let mut connection = Connection::new(server, &limits, false);
            match connection.receive_head(&mut Buffer::default(), &limits) {
                Err(Fault::HeadTimeout) => assert!(answered),
                Ok(None) => assert!(!answered),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn unread_input_does_not_turn_the_close_into_a_reset() {
        let limits = Limits {
            drain_timeout: Duration::from_secs(10),
            ..Limits::default()
        };
        for (ending, expected) in [
            (Ending::Drain, None),
            (Ending::Clean, Some(ErrorKind::ConnectionReset)),
        ] {
            let (mut client, server) = pair(&limits);
            client.write_all(&[b'x'; 50_000]).unwrap();
            let server = std::thread::spawn(move || {
                let limits = Limits {
                    drain_timeout: Duration::from_secs(10),
                    ..Limits::default()
                };
                let mut connection = Connection::new(server, &limits, false);
                connection.send(b"answer").unwrap();
                connection.close(ending, &limits);
            });
            let mut answer = Vec::new();
            let outcome = client
                .read_to_end(&mut answer)
                .err()
                .map(|error| error.kind());
            assert_eq!(outcome, expected, "{ending:?}");
            drop(client);
            server.join().unwrap();
        }
    }
}
