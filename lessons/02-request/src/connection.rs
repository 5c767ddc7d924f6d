//! A blocking connection: receive a head before a deadline, send, and close without a reset.

// ANCHOR: imports
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{SockRef, Socket};

use crate::log::{trace, trace_rest};
use crate::{Fault, Head, Limits, Scanner};
// ANCHOR_END: imports

// ANCHOR: arm
/// Gives the listening socket the settings that its connections shall start with.
///
/// On Linux an accepted socket inherits them, which saves system calls for each connection.
/// (The listener has them too: an `accept` that waited for so long returns `EAGAIN`, and
/// [`lesson01::recover`] tries again.)
pub fn arm(listener: &Socket, limits: &Limits) -> io::Result<()> {
    listener.set_read_timeout(Some(limits.head_timeout))?;
    listener.set_write_timeout(Some(limits.write_timeout))?;
    // A small piece of an answer is not held back until the client has confirmed the one before
    // it, which a client may put off for as long as it can be felt.
    listener.set_tcp_nodelay(true)
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

    /// Holds these bytes instead, and has room for them.
    pub fn replace(&mut self, bytes: &[u8]) {
        self.bytes.resize(self.bytes.len().max(bytes.len()), 0);
        self.bytes[..bytes.len()].copy_from_slice(bytes);
        self.filled = bytes.len();
    }

    /// Empties the buffer and makes room for `size` bytes.
    pub fn reset(&mut self, size: usize) {
        self.bytes.resize(size, 0);
        self.filled = 0;
    }
}
// ANCHOR_END: buffer

// ANCHOR: connection
/// One client, from `accept` to `close`.
pub struct Connection {
    stream: Arc<TcpStream>,
    head_deadline: Instant,
    /// The timeout that reads have now.
    armed: Duration,
    write_timeout: Duration,
    /// When something was last received.
    last_read: Instant,
    received: u64,
    /// How often something was sent, where more than a little counts as several times.
    sends: usize,
    tracing: bool,
}

impl Connection {
    /// Takes a client that was just accepted from an [armed](arm) listener, and empties the
    /// buffer for it. With `tracing` it shows everything that passes.
    pub fn new(
        stream: TcpStream,
        buffer: &mut Buffer,
        limits: &Limits,
        tracing: bool,
    ) -> Connection {
        buffer.reset(limits.head_bytes);
        let now = Instant::now();
        let head_deadline = now + limits.head_timeout;
        let armed = limits.head_timeout;
        Connection {
            stream: Arc::new(stream),
            head_deadline,
            armed,
            write_timeout: limits.write_timeout,
            last_read: now,
            received: 0,
            sends: 0,
            tracing,
        }
    }
}

impl Connection {
    /// The socket, for somebody who may have to end this connection from outside.
    pub fn stream(&self) -> Arc<TcpStream> {
        Arc::clone(&self.stream)
    }

    /// How many bytes have been received since this was asked last.
    pub fn take_received(&mut self) -> u64 {
        std::mem::take(&mut self.received)
    }

    /// Gives the next head its own time.
    pub fn begin_head(&mut self, limits: &Limits) {
        self.head_deadline = Instant::now() + limits.head_timeout;
        self.sends = 0;
    }
}
// ANCHOR_END: connection

// ANCHOR: receive
impl Connection {
    /// Receives until the head is whole, or a limit, a wrong byte or the deadline says stop.
    ///
    /// `None` means that nothing was asked: the client left, or said nothing until the deadline.
    /// Browsers open spare connections and never use them; there is nobody to answer.
    pub fn receive_head(
        &mut self,
        buffer: &mut Buffer,
        limits: &Limits,
    ) -> Result<Option<Head>, Fault> {
        let mut scanner = Scanner::default();
        loop {
            if let Some(extent) = scanner.scan(buffer.received(), limits)? {
                return Head::parse(buffer.received(), extent, limits).map(Some);
            }
            let started = !buffer.received().is_empty();
            match self.receive(buffer, self.head_deadline) {
                Ok(0) if started => return Err(Fault::Incomplete),
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut && started => {
                    return Err(Fault::HeadTimeout);
                }
                Ok(0) | Err(_) => return Ok(None),
            }
        }
    }

    /// Receives more bytes into the buffer; 0 means that the client is done.
    pub fn receive(&mut self, buffer: &mut Buffer, deadline: Instant) -> io::Result<usize> {
        let count = self.read(&mut buffer.bytes[buffer.filled..], deadline)?;
        buffer.filled += count;
        Ok(count)
    }
}
// ANCHOR_END: receive

// ANCHOR: read
impl Connection {
    /// Reads what has arrived, or waits for it until `deadline`; 0 means that the client is done.
    pub fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            self.wait_no_longer_than(deadline)?;
            match (&*self.stream).read(into) {
                Ok(count) => {
                    self.last_read = Instant::now();
                    self.received += count as u64;
                    if self.tracing {
                        trace('<', &into[..count]);
                    }
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The time is up, or the timeout was set for an earlier deadline.
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.armed = Duration::MAX,
                Err(error) => return Err(error),
            }
        }
    }

    /// Sets the timeout of the next read to what is left until `deadline`.
    ///
    /// A timeout that is there already and fires earlier, or later by a trifle, will do. Most
    /// heads come in one piece, so most connections never pay for a deadline.
    fn wait_no_longer_than(&mut self, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        if self.armed > left + left / 16 {
            self.stream.set_read_timeout(Some(left))?;
            self.armed = left;
        }
        Ok(())
    }

    /// Sends all of `bytes`. A client that does not take a piece of them within the write timeout
    /// is an error.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.tracing {
            trace('>', bytes);
        }
        self.sends += bytes.len().div_ceil(LITTLE);
        bytes
            .chunks(PIECE)
            .try_for_each(|piece| self.send_piece(piece))
    }

    fn send_piece(&mut self, mut piece: &[u8]) -> io::Result<()> {
        let started = Instant::now();
        while !piece.is_empty() {
            match (&*self.stream).write(piece) {
                Ok(count) => piece = &piece[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            // A send that the timeout has cut short says how much it sent, and nothing else.
            if !piece.is_empty() && started.elapsed() >= self.write_timeout {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }
}

/// So much the client has to take within the write timeout.
const PIECE: usize = 64 * 1024;

/// So much fits into the buffers of any client.
const LITTLE: usize = 4 * 1024;
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
    /// Whether a close from now on is a reset, whoever closes: the kernel closes for a process
    /// that is killed.
    pub fn reset_on_close(&mut self, on: bool) {
        // If the option cannot be set, the close is a plain one; nothing else to do.
        let _ = SockRef::from(&*self.stream).set_linger(on.then_some(Duration::ZERO));
    }

    /// Ends the connection.
    pub fn close(mut self, ending: Ending, limits: &Limits) {
        match ending {
            Ending::Clean if !self.may_have_unread_input() => {}
            Ending::Clean | Ending::Drain => self.drain(limits.drain_timeout),
            Ending::Reset => self.reset_on_close(true),
        }
    }

    /// Whether something came that nobody asked for, while the answer took its time.
    ///
    /// A small answer that leaves soon and at once is not worth the system calls: it is with the
    /// client before anything is likely to come that would turn the close into a reset.
    fn may_have_unread_input(&self) -> bool {
        const SOON: Duration = Duration::from_millis(50);
        if self.sends <= 1 && self.last_read.elapsed() < SOON {
            return false;
        }
        let came = |stream: &TcpStream| {
            stream.set_nonblocking(true)?;
            let peeked = stream.peek(&mut [0]);
            stream.set_nonblocking(false)?;
            peeked
        };
        matches!(came(&self.stream), Ok(1..))
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
            let mut buffer = Buffer::default();
            let mut connection = Connection::new(server, &mut buffer, &limits, false);
            match connection.receive_head(&mut buffer, &limits) {
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
                let mut connection =
                    Connection::new(server, &mut Buffer::default(), &limits, false);
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

    #[test]
    fn a_client_that_takes_nothing_is_given_up_after_one_timeout() {
        let limits = Limits {
            write_timeout: Duration::from_millis(100),
            ..Limits::default()
        };
        let (_client, server) = pair(&limits);
        let mut connection = Connection::new(server, &mut Buffer::default(), &limits, false);
        let answer = vec![b'x'; 64 * 1024 * 1024];
        let started = Instant::now();
        assert!(connection.send(&answer).is_err());
        let sends = connection.sends;
        assert!(sends > 100, "the whole answer counts: {sends}");
        // It took one timeout to give up, however much the kernel had room for before.
        assert!(started.elapsed() >= limits.write_timeout);
    }
}
