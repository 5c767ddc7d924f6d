//! One of the connections that a client keeps busy.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
    sockopt,
};

use crate::reader::{Fault, Reader};

/// How requests use connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A new connection for each request; the answer ends with the connection.
    NewConnection,
    /// One request after the other on the same connection.
    KeepAlive,
}

/// A connection and the answer that it waits for.
pub(crate) struct Lane {
    socket: OwnedFd,
    mode: Mode,
    reader: Reader,
    started: Instant,
    sent: usize,
    took: Option<Duration>,
}

/// What has become of a lane.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It waits for the server.
    Waiting,
    /// The answer is here, and the connection can be used again.
    Answered(Duration),
    /// The answer is here, and the connection is of no more use.
    Over(Duration),
}

/// Why a request got no answer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A system call failed.
    Call(&'static str, Errno),
    /// What came is no answer.
    Answer(Fault),
    /// The answer is not a success.
    Status(u16),
    /// The answer, or the end of the connection after it, did not come in time.
    Late,
}

impl Lane {
    /// Connects, and sends the request if the handshake is over already, which it is on the
    /// loopback interface.
    pub(crate) fn open(
        address: SocketAddr,
        mode: Mode,
        request: &[u8],
        (epoll, token): (&OwnedFd, u64),
    ) -> Result<Lane, Failure> {
        let failed = |call| move |error| Failure::Call(call, error);
        let started = Instant::now();
        let socket = socket(address).map_err(failed("socket"))?;
        match mode {
            // The server closes first. Answering with a reset spares its kernel the minute of
            // TIME_WAIT, whose timers would be at work in a later round.
            Mode::NewConnection => sockopt::set_socket_linger(&socket, Some(Duration::ZERO)),
            Mode::KeepAlive => sockopt::set_tcp_nodelay(&socket, true),
        }
        .map_err(failed("setsockopt"))?;
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(Failure::Call("connect", error)),
        }
        let mut lane = Lane {
            socket,
            mode,
            reader: Reader::default(),
            started,
            sent: 0,
            took: None,
        };
        lane.send(request)?;
        let mut events = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
        if lane.sent < request.len() || mode == Mode::KeepAlive {
            events |= EventFlags::OUT;
        }
        epoll::add(epoll, &lane.socket, EventData::new_u64(token), events)
            .map_err(failed("epoll_ctl"))?;
        Ok(lane)
    }

    /// Sends the request again, on the same connection.
    pub(crate) fn again(&mut self, request: &[u8]) -> Result<(), Failure> {
        self.reader.reset();
        self.started = Instant::now();
        self.sent = 0;
        self.took = None;
        self.send(request)
    }

    /// Does what can be done without waiting, after epoll has `seen` something.
    pub(crate) fn advance(
        &mut self,
        seen: EventFlags,
        request: &[u8],
        room: &mut [u8],
    ) -> Result<Step, Failure> {
        self.send(request)?;
        loop {
            let count = match recv(&self.socket, &mut *room, RecvFlags::empty()) {
                Ok((0, _)) => return self.closed(),
                Ok((count, _)) => count,
                Err(Errno::AGAIN) => return Ok(Step::Waiting),
                Err(error) => return Err(Failure::Call("recv", error)),
            };
            if self.reader.feed(&room[..count]).map_err(Failure::Answer)? {
                let took = self.answered()?;
                if self.mode == Mode::KeepAlive {
                    return Ok(match self.reader.persists() {
                        true => Step::Answered(took),
                        false => Step::Over(took),
                    });
                }
            }
            // With room left, all that had arrived is read. What comes later is a new event.
            if count < room.len() {
                return match seen.intersects(EventFlags::RDHUP | EventFlags::HUP) {
                    true => self.closed(),
                    false => Ok(Step::Waiting),
                };
            }
        }
    }

    fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        if self.sent == request.len() {
            return Ok(());
        }
        match send(&self.socket, &request[self.sent..], SendFlags::NOSIGNAL) {
            Ok(count) => self.sent += count,
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(Failure::Call("send", error)),
        }
        Ok(())
    }

    /// The answer is whole: is it one that counts, and how long did it take?
    fn answered(&mut self) -> Result<Duration, Failure> {
        match self.reader.status() {
            200..=299 => Ok(*self.took.get_or_insert_with(|| self.started.elapsed())),
            status => Err(Failure::Status(status)),
        }
    }

    fn closed(&mut self) -> Result<Step, Failure> {
        self.reader.end().map_err(Failure::Answer)?;
        self.answered().map(Step::Over)
    }
}

fn socket(address: SocketAddr) -> rustix::io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    socket_with(family, SocketType::STREAM, flags, None)
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Call(call, error) => write!(out, "{call}: {error}"),
            Failure::Answer(fault) => write!(out, "{fault}"),
            Failure::Status(status) => write!(out, "the answer was a {status}"),
            Failure::Late => write!(out, "no answer, or no end of the connection after it"),
        }
    }
}

impl std::error::Error for Failure {}
