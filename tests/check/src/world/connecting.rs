//! Clients of the server under test: how they come, and whether they are let go.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::World;
use crate::client::{Client, GUARD};
use crate::outcome::Finding;

impl World {
    /// A new client.
    pub fn connect(&self) -> Result<Client, Finding> {
        self.client(|| TcpStream::connect_timeout(&self.address, self.time_to_connect()))
    }

    /// A new client with a small buffer, which is full soon if it does not read.
    pub(crate) fn connect_narrow(&self) -> Result<Client, Finding> {
        self.client(|| {
            let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
            // Before the connection is there, since it tells the server how much may be on its way.
            socket.set_recv_buffer_size(4096)?;
            socket.connect_timeout(&self.address.into(), self.time_to_connect())?;
            Ok(socket.into())
        })
    }

    fn time_to_connect(&self) -> Duration {
        self.bound.check("connecting");
        self.bound.clip(GUARD).max(Duration::from_millis(1))
    }

    fn client(&self, stream: impl FnOnce() -> io::Result<TcpStream>) -> Result<Client, Finding> {
        let number = self.clients.fetch_add(1, Ordering::Relaxed) + 1;
        let connected = stream().and_then(|stream| {
            let (transcript, bound) = (self.transcript.clone(), self.bound.clone());
            Client::of(number, stream, self.patience, transcript, bound)
        });
        connected.map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused => {
                Finding::Died(format!("nothing accepts on {} any more", self.address))
            }
            _ => Finding::wrong(format!("connect: {error}")),
        })
    }

    /// Whether a connection has ended, or ends soon. One that is merely quiet is asked once more: an
    /// answer proves that it is open, and a deadline for quiet connections proves nothing.
    pub(crate) fn ends(&self, client: &mut Client) -> bool {
        let until = Instant::now() + self.patience / 3;
        while client.end().is_none() && client.wait_until(until) && Instant::now() < until {}
        if client.end().is_some() {
            return true;
        }
        client.note("asks again, to see whether anybody listens");
        let asked = client.send(self.hello().as_bytes());
        match client.answer() {
            Ok(_) => false,
            Err(_) => asked.is_err() || client.end().is_some(),
        }
    }
}
