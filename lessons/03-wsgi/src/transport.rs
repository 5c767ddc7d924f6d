//! What the gateway needs of a connection.

// ANCHOR: imports
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use lesson02::Connection;
// ANCHOR_END: imports

// ANCHOR: transport
/// Bytes in before a deadline, bytes out.
///
/// Lesson 2's blocking connection is one. Later lessons bring others, and the bench uses memory.
pub trait Transport {
    /// Reads what has arrived, or waits for it until `deadline`; 0 means that the client is done.
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize>;

    /// Sends all of `bytes`.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Sends all of `bytes`, behind which the connection is closed at once.
    fn send_last(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.send(bytes)
    }

    /// How many bytes have been sent, ever; after a failed [`Transport::send`], some of them.
    fn sent(&self) -> u64;

    /// Whether an end of the connection from now on must not look like the end of an answer.
    fn reset_on_close(&mut self, on: bool);

    /// What time it is here.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Transport for Connection {
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        Connection::read(self, into, deadline)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        Connection::send(self, bytes)
    }

    fn send_last(&mut self, bytes: &[u8]) -> io::Result<()> {
        Connection::send_last(self, bytes)
    }

    fn sent(&self) -> u64 {
        Connection::sent(self)
    }

    fn reset_on_close(&mut self, on: bool) {
        Connection::reset_on_close(self, on);
    }
}
// ANCHOR_END: transport

// ANCHOR: client
/// A client that was accepted.
#[derive(Debug)]
pub struct Client {
    /// Its connection.
    pub stream: TcpStream,
    /// Its address.
    pub peer: SocketAddr,
    /// Since when it has been ours. The time for its head runs from here, so that one who says
    /// nothing cannot have it twice: once in our queue and once in our hands.
    pub accepted: Instant,
}

impl Client {
    /// A client that was accepted just now.
    pub fn new(stream: impl Into<TcpStream>, peer: SocketAddr) -> Client {
        Client {
            stream: stream.into(),
            peer,
            accepted: Instant::now(),
        }
    }
}
// ANCHOR_END: client
