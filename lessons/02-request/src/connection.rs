//! A blocking connection: receive a head before a deadline, send, and close without a reset.

// ANCHOR: imports
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{SockRef, Socket};

use crate::log::{trace, trace_rest};
use crate::{Buffer, Fault, Head, Limits, Scanner, Stream};
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
    #[cfg(target_os = "linux")]
    listener.set_tcp_notsent_lowat(UNSENT)?;
    // A small piece of an answer is not held back until the client has confirmed the one before
    // it, which a client may put off for as long as it can be felt.
    listener.set_tcp_nodelay(true)
}

/// So many bytes may wait in the kernel for a client to make room.
///
/// Without a bound the kernel takes megabytes, and lets the sender go on only when a third of
/// them is gone. To a client that reads slowly but steadily, that takes longer than any timeout.
#[cfg(target_os = "linux")]
const UNSENT: u32 = 128 * 1024;
// ANCHOR_END: arm

// ANCHOR: connection
/// One client, from `accept` to `close`.
pub struct Connection {
    stream: Box<dyn Stream>,
    head_deadline: Instant,
    /// Until when talks with a client may last that began them in time.
    talks_deadline: Instant,
    /// The timeout that reads have now.
    armed: Duration,
    write_timeout: Duration,
    /// When something was last received.
    last_read: Instant,
    received: u64,
    sent: u64,
    /// How often something was sent, where more than a little counts as several times.
    sends: usize,
    /// Whether a close is a reset.
    resets: bool,
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
        Connection::over(Box::new(Arc::new(stream)), Instant::now(), limits, tracing)
    }

    /// A connection over any stream to a client that was `accepted` at that moment: the time for
    /// its first head runs from then on, wherever it has waited since.
    pub fn over(
        stream: Box<dyn Stream>,
        accepted: Instant,
        limits: &Limits,
        tracing: bool,
    ) -> Connection {
        Connection {
            stream,
            head_deadline: accepted + limits.head_timeout,
            talks_deadline: Instant::now() + TALKS,
            armed: limits.head_timeout,
            write_timeout: limits.write_timeout,
            last_read: accepted,
            received: 0,
            sent: 0,
            sends: 0,
            resets: false,
            tracing,
        }
    }
}

/// Talks like the handshake of TLS, in lesson 8, go back and forth. A client whose first word has
/// waited in our queue has so much time for the others, even if its own is over.
const TALKS: Duration = Duration::from_secs(1);

impl Connection {
    /// The stream below.
    pub fn stream(&self) -> &dyn Stream {
        &*self.stream
    }

    /// The stream, for somebody who goes on with it.
    pub fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// A request is over and another one may follow: its sends are counted anew.
    pub fn begin_request(&mut self) {
        self.sends = 0;
    }

    /// How many bytes have been received since this was asked last.
    pub fn take_received(&mut self) -> u64 {
        std::mem::take(&mut self.received)
    }

    /// How many bytes the kernel has taken to send, ever.
    pub fn sent(&self) -> u64 {
        self.sent
    }
}
// ANCHOR_END: connection

// ANCHOR: receive
impl Connection {
    /// Receives until the head is whole, or a limit, a wrong byte or the deadline says stop.
    /// `false` means that nothing was asked: the client left, or said nothing until the deadline.
    /// Browsers open spare connections and never use them; there is nobody to answer.
    pub fn receive_head(
        &mut self,
        buffer: &mut Buffer,
        head: &mut Head,
        limits: &Limits,
    ) -> Result<bool, Fault> {
        let mut scanner = Scanner::default();
        loop {
            if let Some(place) = scanner.scan(buffer.received(), limits)? {
                head.parse_into(buffer.received(), place, limits)?;
                head.suits(self.stream.session().is_some())?;
                return Ok(true);
            }
            let begun = scanner.has_begun();
            match self.receive(buffer, self.head_deadline) {
                Ok(0) if begun => return Err(Fault::Incomplete),
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut && begun => {
                    return Err(Fault::HeadTimeout);
                }
                Ok(0) | Err(_) => return Ok(false),
            }
        }
    }

    /// Receives more bytes into the buffer; 0 means that the client is done.
    pub fn receive(&mut self, buffer: &mut Buffer, deadline: Instant) -> io::Result<usize> {
        let count = self.read(buffer.room(), deadline)?;
        buffer.grow(count);
        Ok(count)
    }
}
// ANCHOR_END: receive

// ANCHOR: read
impl Connection {
    /// Reads what has arrived, or waits for it until `deadline`; 0 means that the client is done.
    ///
    /// What has arrived is read even if the deadline is over: the client is not to blame for the
    /// time that its bytes have waited for us.
    pub fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            let in_time = self.wait_no_longer_than(self.or_end_of_talks(deadline))?;
            match self.stream.read(into) {
                Ok(count) => {
                    self.last_read = Instant::now();
                    self.received += count as u64;
                    if self.tracing {
                        trace('<', &into[..count]);
                    }
                    return Ok(count);
                }
                // A signal came, or a stream like TLS made progress: ask again.
                Err(error) if error.kind() == ErrorKind::Interrupted && in_time => {}
                // It was too late for a first word, but now talks have begun.
                Err(error)
                    if error.kind() == ErrorKind::Interrupted
                        && Instant::now() < self.or_end_of_talks(deadline) => {}
                // The time is up, or the timeout was set for an earlier deadline.
                Err(error) if error.kind() == ErrorKind::WouldBlock && in_time => {
                    self.armed = Duration::MAX;
                }
                Err(error) => {
                    return Err(match in_time {
                        true => error,
                        false => ErrorKind::TimedOut.into(),
                    });
                }
            }
        }
    }

    /// The deadline, or that of the talks if they are under way and it is later.
    fn or_end_of_talks(&self, deadline: Instant) -> Instant {
        match self.stream.is_in_talks() {
            true => deadline.max(self.talks_deadline),
            false => deadline,
        }
    }

    /// Sets the timeout of the next read to what is left until `deadline`, and tells whether
    /// there is anything left. If not, the read may still look.
    ///
    /// A timeout that is there already and fires earlier, or later by a trifle, will do. Most
    /// heads come in one piece, so most connections never pay for a deadline.
    fn wait_no_longer_than(&mut self, deadline: Instant) -> io::Result<bool> {
        const A_LOOK: Duration = Duration::from_millis(1);
        let left = deadline.saturating_duration_since(Instant::now());
        let patience = left.max(A_LOOK);
        if self.armed > patience + patience / 16 {
            self.stream.socket().set_read_timeout(Some(patience))?;
            self.armed = patience;
        }
        Ok(!left.is_zero())
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
            match self.stream.write(piece) {
                Ok(count) => {
                    self.sent += count as u64;
                    piece = &piece[count..];
                }
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

    /// Sends the last bytes of this connection: the kernel may keep them for a moment, so that
    /// [`Connection::close`], which must follow at once, sends them and the end in one packet.
    pub fn send_last(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.sends > 0 || bytes.len() > LITTLE || self.tracing {
            return self.send(bytes);
        }
        self.sends = 1;
        let count = match self.stream.write_last(bytes) {
            // As in `send_piece`, which goes on with the same bytes.
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            sent => sent?,
        };
        self.sent += count as u64;
        match &bytes[count..] {
            [] => Ok(()),
            rest => self.send(rest),
        }
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
        if self.resets == on {
            return;
        }
        self.resets = on;
        // If the option cannot be set, the close is a plain one; nothing else to do.
        let _ = SockRef::from(&**self.stream.socket()).set_linger(on.then_some(Duration::ZERO));
    }

    /// Ends the connection.
    pub fn close(mut self, ending: Ending, limits: &Limits) {
        if ending != Ending::Reset {
            self.reset_on_close(false);
            self.stream.say_goodbye();
        }
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
        matches!(came(self.stream.socket()), Ok(1..))
    }

    fn drain(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        if self.stream.socket().shutdown(Shutdown::Write).is_err() {
            return; // The client has left: nobody can be hurt by a reset.
        }
        let tracing = std::mem::take(&mut self.tracing);
        let mut unread = [0; 8 * 1024];
        let mut drained = 0;
        // A read gives what has arrived, in time or not; a client that never stops must not.
        while Instant::now() < deadline
            && let Ok(count @ 1..) = self.read(&mut unread, deadline)
        {
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
    use std::io::{Read, Write};
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
        assert!(about(server.write_timeout().unwrap()).abs_diff(60_000) < 10);
    }

    #[test]
    fn silence_and_an_empty_line_are_not_answered_and_half_a_head_is() {
        let limits = brief();
        for (sent, answered) in [(&b""[..], false), (b"\r\n", false), (b"GET / HT", true)] {
            let (mut client, server) = pair(&limits);
            client.write_all(sent).unwrap();
            let mut buffer = Buffer::default();
            let mut connection = Connection::new(server, &mut buffer, &limits, false);
            let mut head = Head::default();
            match connection.receive_head(&mut buffer, &mut head, &limits) {
                Err(Fault::HeadTimeout) => assert!(answered),
                Ok(false) => assert!(!answered),
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
    fn a_client_that_never_stops_sending_is_not_drained_for_longer_than_a_silent_one() {
        let limits = Limits {
            drain_timeout: Duration::from_millis(300),
            ..Limits::default()
        };
        let mut took = [false, true].map(|floods| {
            let (mut client, server) = pair(&limits);
            let connection = Connection::new(server, &mut Buffer::default(), &limits, false);
            let client = std::thread::spawn(move || {
                let started = Instant::now();
                let guard = Duration::from_secs(20);
                while floods && started.elapsed() < guard {
                    if client.write_all(&[b'x'; 64 * 1024]).is_err() {
                        break;
                    }
                }
                client
            });
            let started = Instant::now();
            connection.close(Ending::Drain, &limits);
            let took = started.elapsed();
            client.join().unwrap();
            took
        });
        took[0] *= 4; // The machine may be busy.
        assert!(took[1] < took[0], "{took:?}");
    }

    #[test]
    fn what_has_arrived_is_read_however_long_it_has_waited_for_us() {
        let limits = brief();
        let (mut client, server) = pair(&limits);
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let (mut buffer, mut head) = (Buffer::default(), Head::default());
        buffer.reset(limits.head_bytes);
        let long_ago = Instant::now() - 2 * limits.head_timeout;
        let stream = Box::new(Arc::new(server));
        let mut connection = Connection::over(stream, long_ago, &limits, false);
        let asked = connection.receive_head(&mut buffer, &mut head, &limits);
        assert_eq!(asked, Ok(true));
        // And whoever has said nothing by then is not waited for again.
        buffer.reset(limits.head_bytes);
        let asked = connection.receive_head(&mut buffer, &mut head, &limits);
        assert_eq!(asked, Ok(false));
    }

    #[test]
    fn a_client_that_reads_slowly_but_steadily_gets_all_of_it() {
        let limits = Limits {
            write_timeout: Duration::from_secs(1),
            ..Limits::default()
        };
        let size = 8 * 1024 * 1024;
        // Much faster than it must be, and all in all it takes several write timeouts. On a busy
        // machine a client can be held up itself: then it was not steady, and another one tries.
        for _ in 0..5 {
            let (got, longest_break) = read_slowly(&limits, size);
            if got == size {
                return;
            }
            assert!(longest_break > limits.write_timeout / 4, "{got} of {size}");
        }
        panic!("the machine is too busy for a steady client");
    }

    /// How much of an answer a client gets that reads a piece now and then, and the longest time
    /// in which it got nothing.
    fn read_slowly(limits: &Limits, size: usize) -> (usize, Duration) {
        let (mut client, server) = pair(limits);
        let answer = vec![b'x'; size];
        let limits = limits.clone();
        let sender = std::thread::spawn(move || {
            let mut connection = Connection::new(server, &mut Buffer::default(), &limits, false);
            connection
                .send(&answer)
                .map(|()| connection.close(Ending::Clean, &limits))
        });
        let (mut piece, mut got) = (vec![0; 64 * 1024], 0);
        let (mut last, mut longest_break) = (Instant::now(), Duration::ZERO);
        while let Ok(count @ 1..) = client.read(&mut piece) {
            got += count;
            longest_break = longest_break.max(last.elapsed());
            last = Instant::now();
            std::thread::sleep(Duration::from_millis(30));
        }
        assert_eq!(sender.join().unwrap().is_ok(), got == size);
        (got, longest_break.max(last.elapsed()))
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

    /// A stream whose other side wants an answer before it asks anything.
    struct Talking {
        socket: Arc<TcpStream>,
        is_in_talks: bool,
        refusals: usize,
    }

    impl Stream for Talking {
        fn socket(&self) -> &Arc<TcpStream> {
            &self.socket
        }

        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = (&*self.socket).read(into)?;
            if self.is_in_talks {
                self.is_in_talks = false;
                return Ok(count);
            }
            self.is_in_talks = true;
            (&*self.socket).write_all(b"an answer")?;
            Err(ErrorKind::Interrupted.into())
        }

        fn write_last(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.refusals += 1;
            match self.refusals {
                1 => Err(ErrorKind::Interrupted.into()),
                _ => self.write(bytes),
            }
        }

        fn is_in_talks(&self) -> bool {
            self.is_in_talks
        }
    }

    fn talking(server: TcpStream, limits: &Limits) -> Connection {
        let stream = Talking {
            socket: Arc::new(server),
            is_in_talks: false,
            refusals: 0,
        };
        let long_ago = Instant::now() - 2 * limits.head_timeout;
        Connection::over(Box::new(stream), long_ago, limits, false)
    }

    #[test]
    fn a_client_that_began_in_time_can_go_on_although_we_came_late() {
        let limits = Limits::default();
        let (mut client, server) = pair(&limits);
        client.write_all(b"a first word").unwrap();
        let asking = std::thread::spawn(move || {
            client.read_exact(&mut [0; 9]).unwrap();
            client.write_all(b"a question").unwrap();
            client
        });
        let mut connection = talking(server, &limits);
        let passed = Instant::now() - limits.head_timeout;
        let mut question = [0; 32];
        assert_eq!(connection.read(&mut question, passed).unwrap(), 10);
        drop(asking.join().unwrap());
    }

    #[test]
    fn a_client_that_has_not_begun_has_no_more_time_because_we_came_late() {
        let limits = Limits::default();
        let (_client, server) = pair(&limits);
        let mut connection = talking(server, &limits);
        let passed = Instant::now() - limits.head_timeout;
        let error = connection.read(&mut [0; 32], passed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn a_last_write_that_made_progress_only_is_asked_again_with_the_same_bytes() {
        let limits = Limits::default();
        let (mut client, server) = pair(&limits);
        let mut connection = talking(server, &limits);
        connection.send_last(b"the answer").unwrap();
        connection.close(Ending::Clean, &limits);
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, b"the answer");
    }
}
