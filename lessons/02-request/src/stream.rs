//! What a connection needs below it: a socket, or something around one.

// ANCHOR: imports
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

#[cfg(target_os = "linux")]
use rustix::net::{SendFlags, send};
// ANCHOR_END: imports

// ANCHOR: stream
/// Bytes to and from one client. The methods that are written out here are those of a plain
/// socket; TLS, in lesson 8, has its own.
///
/// Each call makes one system call at most. A stream that has made progress and has nothing to
/// show for it yet (half of a handshake, part of a record) returns
/// [`Interrupted`](io::ErrorKind::Interrupted): ask again, with the same bytes.
pub trait Stream: Send {
    /// The socket at the bottom, for its options, and to wait for it.
    fn socket(&self) -> &Arc<TcpStream>;

    /// Reads what there is, as the socket's timeout allows.
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        (&**self.socket()).read(into)
    }

    /// Writes as much as there is room for, as the socket's timeout allows.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&**self.socket()).write(bytes)
    }

    /// Writes bytes behind which the connection is closed at once.
    fn write_last(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    /// Whether the client has begun to agree on something with us and had an answer, but has not
    /// sent a byte of its request. If we came late to that, it is not the client's fault.
    fn is_in_talks(&self) -> bool {
        false
    }

    /// Says that nothing more will come, where a protocol has words for it.
    fn say_goodbye(&mut self) {}

    /// What was agreed on with the other side, if nobody in between can read along or change
    /// anything. A plain socket has agreed on nothing.
    fn session(&self) -> Option<&Arc<Session>> {
        None
    }
}

impl Stream for Arc<TcpStream> {
    fn socket(&self) -> &Arc<TcpStream> {
        self
    }

    /// Linux keeps them until the close, and sends them together with the end: one packet less for
    /// both sides.
    #[cfg(target_os = "linux")]
    fn write_last(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self, bytes, SendFlags::MORE | SendFlags::NOSIGNAL)?)
    }
}

/// A secured connection, as applications see it.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Variables for applications, such as the name in a client's certificate.
    pub variables: Vec<(String, String)>,
}
// ANCHOR_END: stream
