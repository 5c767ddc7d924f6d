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
    fn send(&mut self, bytes: &[u8], behind: Behind) -> io::Result<()>;

    /// How many bytes have been sent, ever; after a failed [`Transport::send`], some of them.
    fn sent(&self) -> u64;

    /// What time it is here.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Transport for Connection {
    fn read(&mut self, into: &mut [u8], deadline: Instant) -> io::Result<usize> {
        Connection::read(self, into, deadline)
    }

    fn send(&mut self, bytes: &[u8], behind: Behind) -> io::Result<()> {
        // If this process is killed, the kernel closes the connection. Where that is also what
        // ends a body, half an answer would look whole; so it is a reset up to the last piece.
        if behind == Behind::Rest {
            self.reset_on_close(true);
        }
        match behind {
            Behind::End => self.send_last(bytes),
            Behind::Rest | Behind::Whatever => Connection::send(self, bytes),
        }?;
        if behind != Behind::Rest {
            self.reset_on_close(false);
        }
        Ok(())
    }

    fn sent(&self) -> u64 {
        Connection::sent(self)
    }
}

/// What comes behind bytes that are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// The rest of a body that ends where the connection ends. Should that be before, the client
    /// must see that it has half an answer: it gets a reset.
    Rest,
    /// Something or nothing: an end of the connection would mislead nobody.
    Whatever,
    /// The end of the connection, at once.
    End,
}

impl Behind {
    /// The same, but for an end that does not come at once `if` something is in its way.
    pub fn not_at_once_if(self, hindered: bool) -> Behind {
        match self {
            Behind::End if hindered => Behind::Whatever,
            behind => behind,
        }
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
