//! One connection to the server under test, as a probe uses it: everything said is recorded.

mod ending;
mod listening;
mod readiness;

use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use crate::bound::Bound;
use crate::transcript::{Event, Transcript};

pub(crate) use ending::with_its_time;
pub use ending::{End, NoAnswer};
pub use readiness::wait_for_any;

/// Longer than any server of ours may need for anything. Hitting it is a failure, so it can be
/// generous to a busy machine.
pub const GUARD: Duration = Duration::from_secs(20);

/// A client of the server under test.
pub struct Client {
    number: u32,
    stream: TcpStream,
    received: Vec<u8>,
    end: Option<End>,
    /// How much of that somebody has looked at. The rest is news.
    shown: (usize, Option<End>),
    end_is_recorded: bool,
    was_reset: bool,
    patience: Duration,
    transcript: Transcript,
    bound: Bound,
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
        let bound = Bound::default();
        Client::of(number, stream, patience, transcript, bound)
    }

    /// A client of a probe, which keeps the probe's bound.
    pub(crate) fn of(
        number: u32,
        stream: TcpStream,
        patience: Duration,
        transcript: Transcript,
        bound: Bound,
    ) -> io::Result<Client> {
        // Each write is a segment of its own.
        stream.set_nodelay(true)?;
        Ok(Client {
            number,
            stream,
            received: Vec::new(),
            end: None,
            shown: (0, None),
            end_is_recorded: false,
            was_reset: false,
            patience,
            transcript,
            bound,
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
            self.bound.check("sending to a server that does not read");
            // A server that stops reading stops us, and not for ever. Zero would mean for ever.
            let guard = self.bound.clip(GUARD).max(Duration::from_millis(1));
            self.stream.set_write_timeout(Some(guard))?;
            match self.stream.write(rest) {
                Ok(count) => {
                    let sent = Event::Sent(rest[..count].to_vec());
                    self.transcript.add(self.number, sent);
                    self.bound.count(count, "sending");
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
}
