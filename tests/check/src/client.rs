//! One connection to the server under test, as a probe uses it: everything said is recorded.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;

use crate::answer::{self, Answer};
use crate::outcome::Finding;
use crate::transcript::{Event, Transcript};

/// Longer than any server of ours may need for anything. Hitting it is a failure, so it can be
/// generous to a busy machine.
pub const GUARD: Duration = Duration::from_secs(20);

/// A client of the server under test.
pub struct Client {
    number: u32,
    stream: TcpStream,
    received: Vec<u8>,
    end: Option<End>,
    was_reset: bool,
    patience: Duration,
    transcript: Transcript,
}

/// How the server's side of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order: the last byte, then the end.
    Closed,
    /// By a reset: what was on its way in either direction may be lost.
    Reset,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing (more) came for as long as the client was willing to wait.
    Silence,
    /// The connection ended before an answer was whole.
    Ended(End),
    /// What came is not HTTP.
    Malformed(String),
}

impl Client {
    /// Connects. `patience` is how long this client waits for an answer.
    pub fn connect(
        number: u32,
        address: SocketAddr,
        patience: Duration,
        transcript: Transcript,
    ) -> io::Result<Client> {
        let stream = TcpStream::connect_timeout(&address, GUARD)?;
        // Each write is a segment of its own, and a server that stops reading stops us, not for ever.
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(GUARD))?;
        Ok(Client {
            number,
            stream,
            received: Vec::new(),
            end: None,
            was_reset: false,
            patience,
            transcript,
        })
    }

    /// Our side of the socket pair.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Adds a remark to the record.
    pub fn note(&self, text: impl Into<String>) {
        self.transcript.add(self.number, Event::Note(text.into()));
    }

    /// Sends bytes. An error says that the server has gone or does not read; many probes go on
    /// and look at the answer.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(count) => {
                    let sent = Event::Sent(rest[..count].to_vec());
                    self.transcript.add(self.number, sent);
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.note(format!(
                        "sending failed with {} bytes left: {error}",
                        rest.len()
                    ));
                    if matches!(
                        error.kind(),
                        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                    ) {
                        // What arrived before may still be there to read.
                        self.was_reset = true;
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Says that nothing more will be sent, and keeps listening.
    pub fn finish_sending(&self) {
        self.note("the client closes its sending half");
        // It fails only if the connection is gone already, which the next read will tell.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Whether the server has given the connection up, seen without reading what it sent before.
    pub fn is_cut_off(&self) -> bool {
        let stream = self.stream.as_fd();
        let mut look = [PollFd::from_borrowed_fd(stream, PollFlags::RDHUP)];
        let gone = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
        poll(&mut look, Some(&Timespec::default())).is_ok() && look[0].revents().intersects(gone)
    }

    /// Reads on without keeping or recording anything, until the end or until `most` bytes came.
    pub fn discard(&mut self, most: usize) -> Option<End> {
        let mut buffer = vec![0; 256 * 1024];
        let mut total = 0;
        while total < most && is_readable(&[self], self.patience) {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Some(End::Closed),
                Ok(count) => total += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Some(End::Reset),
            }
        }
        self.note(format!("reads {total} bytes of the answer after all"));
        None
    }

    /// Leaves in order.
    pub fn leave(self) {
        self.note("the client closes the connection");
    }

    /// Leaves with a reset instead of an orderly end.
    pub fn reset(self) {
        self.note("the client resets the connection");
        // SO_LINGER of zero turns the close below into a reset. If it cannot be set, the
        // connection is closed in order, and the probe is only milder.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// The next answer, interim ones (1xx) left out.
    pub fn answer(&mut self) -> Result<Answer, NoAnswer> {
        loop {
            let answer = self.next_answer(false)?;
            if answer.status >= 200 {
                return Ok(answer);
            }
        }
    }

    /// The next answer, be it interim or final. `to_head` says that the question was HEAD.
    pub fn next_answer(&mut self, to_head: bool) -> Result<Answer, NoAnswer> {
        let until = Instant::now() + self.patience;
        loop {
            if let Some(answer) = self.take_answer(to_head)? {
                return Ok(answer);
            }
            if let Some(end) = self.end {
                return Err(NoAnswer::Ended(end));
            }
            if !self.wait_until(until) {
                self.note("no answer, however long the client waits");
                return Err(NoAnswer::Silence);
            }
        }
    }

    /// An answer, if one is whole already.
    pub fn take_answer(&mut self, to_head: bool) -> Result<Option<Answer>, NoAnswer> {
        self.collect();
        let found = answer::parse(&self.received, self.end.is_some(), to_head);
        let Some((answer, used)) = found.map_err(NoAnswer::Malformed)? else {
            return Ok(None);
        };
        self.received.drain(..used);
        Ok(Some(answer))
    }

    /// Whether a whole answer has arrived. It stays where it is.
    pub fn is_answered(&mut self) -> bool {
        self.collect();
        let found = answer::parse(&self.received, self.end.is_some(), false);
        matches!(found, Ok(Some(_)))
    }

    /// What came and belongs to no answer that was taken.
    pub fn received(&mut self) -> &[u8] {
        self.collect();
        &self.received
    }

    /// How the connection ended, if it has.
    pub fn end(&mut self) -> Option<End> {
        self.collect();
        self.end
    }

    /// Waits for the server to end the connection; `None` if it does not.
    pub fn wait_for_end(&mut self) -> Option<End> {
        let until = Instant::now() + self.patience;
        while self.end().is_none() && self.wait_until(until) {}
        self.end
    }

    /// Waits until more bytes or the end came, at most until `until`. False: nothing came.
    pub fn wait_until(&mut self, until: Instant) -> bool {
        let before = (self.received.len(), self.end);
        let left = until.saturating_duration_since(Instant::now());
        wait_for_any(&[self], left);
        self.collect();
        before != (self.received.len(), self.end)
    }

    /// Takes what has arrived, without waiting.
    fn collect(&mut self) {
        let mut buffer = [0; 64 * 1024];
        while self.end.is_none() && is_readable(&[self], Duration::ZERO) {
            match self.stream.read(&mut buffer) {
                Ok(0) if self.was_reset => self.ended(End::Reset, "the connection was reset"),
                Ok(0) => self.ended(End::Closed, "the server closed the connection"),
                Ok(count) => {
                    self.received.extend_from_slice(&buffer[..count]);
                    let received = Event::Received(buffer[..count].to_vec());
                    self.transcript.add(self.number, received);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.ended(End::Reset, "the server reset the connection"),
            }
        }
    }

    fn ended(&mut self, end: End, text: &str) {
        self.end = Some(end);
        self.note(text);
    }
}

/// Waits until something arrives for one of these clients, at most `patience`.
pub fn wait_for_any(clients: &[&Client], patience: Duration) {
    is_readable(clients, patience);
}

fn is_readable(clients: &[&Client], patience: Duration) -> bool {
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

impl From<NoAnswer> for Finding {
    fn from(reason: NoAnswer) -> Finding {
        Finding::Wrong(match reason {
            NoAnswer::Silence => "no answer, and the connection stays open".to_owned(),
            NoAnswer::Ended(End::Closed) => {
                "the server closed the connection before an answer was whole".to_owned()
            }
            NoAnswer::Ended(End::Reset) => {
                "the connection was reset before an answer was whole".to_owned()
            }
            NoAnswer::Malformed(what) => what,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair() -> (Client, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let patience = Duration::from_millis(200);
        let client = Client::connect(1, address, patience, Transcript::default()).unwrap();
        (client, listener.accept().unwrap().0)
    }

    #[test]
    fn silence_an_end_and_a_reset_are_told_apart() {
        let (mut client, server) = pair();
        assert_eq!(client.answer(), Err(NoAnswer::Silence));
        drop(server);
        assert_eq!(client.answer(), Err(NoAnswer::Ended(End::Closed)));

        let (mut client, server) = pair();
        SockRef::from(&server)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        drop(server);
        assert_eq!(client.answer(), Err(NoAnswer::Ended(End::Reset)));
    }

    #[test]
    fn interim_answers_are_passed_over() {
        let (mut client, mut server) = pair();
        server
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        assert_eq!(client.answer().unwrap().status, 200);
    }

    #[test]
    fn what_follows_an_answer_is_kept() {
        let (mut client, mut server) = pair();
        server
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc")
            .unwrap();
        assert_eq!(client.answer().unwrap().body, b"a");
        assert_eq!(client.received(), b"bc");
    }
}
