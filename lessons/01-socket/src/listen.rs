//! From nothing to a listening socket: the first four calls.

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
// ANCHOR_END: imports

// ANCHOR: listen
/// Makes a socket that listens on `address`, with room for `backlog` clients to wait in.
///
/// The kernel completes connections by itself and keeps up to `backlog` of them for us to accept.
/// It silently lowers a larger number to `net.core.somaxconn`.
pub fn listen(address: SocketAddr, backlog: u16, reuse: ReuseAddress) -> Result<Socket, CallError> {
    let failed = |call| {
        move |source| CallError {
            call,
            address,
            source,
        }
    };
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )
    .map_err(failed("socket"))?;
    if reuse == ReuseAddress::Yes && address.port() != 0 {
        socket
            .set_reuse_address(true)
            .map_err(failed("setsockopt"))?;
    }
    socket.bind(&address.into()).map_err(failed("bind"))?;
    socket
        .listen(i32::from(backlog))
        .map_err(failed("listen"))?;
    Ok(socket)
}
// ANCHOR_END: listen

// ANCHOR: reuse_address
/// Whether to set `SO_REUSEADDR` before `bind`.
///
/// After a server has closed a connection, the kernel remembers the socket pair for a minute
/// (`TIME_WAIT`). Without the option, `bind` refuses the port for as long; the listener that
/// made the old connection must have had the option too. With port 0 the option
/// is left out whatever is asked: there the kernel picks a port, and must pick an unused one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReuseAddress {
    /// The port can be bound again at once: what servers want.
    Yes,
    /// Old connections block the port: what the experiment of chapter 1 wants.
    No,
}
// ANCHOR_END: reuse_address

// ANCHOR: call_error
/// A system call that failed: which one, on what, why, and what to try.
#[derive(Debug)]
pub struct CallError {
    call: &'static str,
    address: SocketAddr,
    source: io::Error,
}

impl Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}: {}", self.call, self.address, self.source)?;
        match self.source.kind() {
            io::ErrorKind::AddrInUse => out.write_str(
                "\nAnother program has this port, or had it a moment ago. \
                 Stop it, or let the system choose: --addr 127.0.0.1:0",
            ),
            io::ErrorKind::PermissionDenied => {
                out.write_str("\nPorts below 1024 are reserved. Choose a higher one.")
            }
            io::ErrorKind::AddrNotAvailable => out.write_str(
                "\nNo network interface of this machine has this address. \
                 127.0.0.1 always exists.",
            ),
            _ => Ok(()),
        }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
// ANCHOR_END: call_error

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;
    use std::time::Duration;

    fn port_0() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    fn bound(socket: &Socket) -> SocketAddr {
        socket.local_addr().unwrap().as_socket().unwrap()
    }

    #[test]
    fn reuse_address_is_set_on_request_and_never_with_port_0() {
        let any = listen(port_0(), 5, ReuseAddress::Yes).unwrap();
        assert!(!any.reuse_address().unwrap());
        let address = bound(&any);
        drop(any);
        assert!(
            listen(address, 5, ReuseAddress::Yes)
                .unwrap()
                .reuse_address()
                .unwrap()
        );
        assert!(
            !listen(address, 5, ReuseAddress::No)
                .unwrap()
                .reuse_address()
                .unwrap()
        );
    }

    #[test]
    fn a_taken_port_is_reported_with_call_address_and_remedy() {
        let first = listen(port_0(), 5, ReuseAddress::Yes).unwrap();
        let address = bound(&first);
        let error = listen(address, 5, ReuseAddress::Yes)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(&format!("bind {address}: ")), "{error}");
        assert!(error.contains("--addr 127.0.0.1:0"), "{error}");
    }

    #[test]
    fn the_kernel_keeps_the_backlog_that_was_asked_for() {
        let socket = listen(port_0(), 3, ReuseAddress::Yes).unwrap();
        let address = bound(&socket);
        // The kernel queues backlog + 1 connections without anybody calling accept …
        let waiting = [(); 4].map(|()| TcpStream::connect(address).unwrap());
        // … and does not answer the next one. Here one that is answered is so at once.
        let patience = Duration::from_millis(500);
        let error = TcpStream::connect_timeout(&address, patience).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        // One is taken out, and there is room for one more.
        socket.accept().unwrap();
        TcpStream::connect(address).unwrap();
        drop(waiting);
    }
}
