//! One of the connections that a client keeps busy.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
    sockopt,
};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::echo::{Came, Echo};
use load::reader::{Fault, Reader};

/// How requests use connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A new connection for each request; the answer ends with the connection.
    NewConnection,
    /// One request after the other on the same connection.
    KeepAlive,
    /// One WebSocket message of so many bytes after the other, and each comes back.
    Messages(usize),
}

/// A connection and the answer that it waits for.
pub(crate) struct Lane {
    socket: Socket,
    /// What stands between us and the socket, if the server speaks TLS.
    tls: Option<Box<ClientConnection>>,
    mode: Mode,
    reader: Reader,
    /// What comes back, where messages race.
    echo: Option<Echo>,
    started: Instant,
    sent: usize,
    took: Option<Duration>,
}

/// What has become of a lane.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It waits for the server.
    Waiting,
    /// It is a WebSocket now: messages can be sent.
    Opened,
    /// The answer is here, and the connection can be used again.
    Answered(Duration),
    /// The answer is here, and the connection is of no more use.
    Over(Duration),
}

/// Why a request got no answer that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What came is no TLS, or an alert.
    Tls,
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
        tls: Option<&Arc<ClientConfig>>,
        (epoll, token): (&OwnedFd, u64),
    ) -> Result<Lane, Failure> {
        let failed = |call| move |error| Failure::Call(call, error);
        let started = Instant::now();
        let tls = tls.map(in_front_of).transpose()?;
        let socket = socket(address).map_err(failed("socket"))?;
        if mode == Mode::NewConnection {
            // The server closes first. Answering with a reset spares its kernel the minute of
            // TIME_WAIT, whose timers would be at work in a later round.
            sockopt::set_socket_linger(&socket, Some(Duration::ZERO))
                .map_err(failed("setsockopt"))?;
        }
        if mode != Mode::NewConnection || tls.is_some() {
            // What we say second must not wait until the first has been acknowledged.
            sockopt::set_tcp_nodelay(&socket, true).map_err(failed("setsockopt"))?;
        }
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(Failure::Call("connect", error)),
        }
        let mut lane = Lane {
            socket: Socket(socket),
            tls,
            mode,
            reader: Reader::default(),
            echo: match mode {
                Mode::Messages(size) => Some(Echo::new(size)),
                _ => None,
            },
            started,
            sent: 0,
            took: None,
        };
        lane.send(request)?;
        let mut events = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
        if lane.sent < request.len() || mode != Mode::NewConnection || lane.tls.is_some() {
            events |= EventFlags::OUT;
        }
        epoll::add(epoll, &lane.socket.0, EventData::new_u64(token), events)
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
            let count = match self.receive(room)? {
                Some(0) => return self.closed(),
                Some(count) => count,
                None => return Ok(Step::Waiting),
            };
            if let Some(echo) = &mut self.echo {
                match echo.feed(&room[..count]).map_err(Failure::Answer)? {
                    Came::Opened => return Ok(Step::Opened),
                    Came::Message => return Ok(Step::Answered(self.started.elapsed())),
                    Came::Part => continue,
                }
            }
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
            if count < room.len() && self.tls.is_none() {
                return match seen.intersects(EventFlags::RDHUP | EventFlags::HUP) {
                    true => self.closed(),
                    false => Ok(Step::Waiting),
                };
            }
        }
    }

    fn send(&mut self, request: &[u8]) -> Result<(), Failure> {
        let Some(tls) = &mut self.tls else {
            if self.sent < request.len() {
                self.sent += self.socket.send(&request[self.sent..])?.unwrap_or(0);
            }
            return Ok(());
        };
        if self.sent < request.len() {
            // It keeps what it is given until the handshake is done.
            let taken = tls.writer().write(&request[self.sent..]);
            self.sent += taken.map_err(|_| Failure::Tls)?;
        }
        flush(tls, &mut self.socket)
    }

    /// Receives what has come; `None` if nothing has.
    fn receive(&mut self, room: &mut [u8]) -> Result<Option<usize>, Failure> {
        let Some(tls) = &mut self.tls else {
            return self.socket.receive(room);
        };
        loop {
            match tls.reader().read(room) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Whether it says goodbye first is not what is measured here.
                Err(_) => return Ok(Some(0)),
                Ok(count) => return Ok(Some(count)),
            }
            match tls.read_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(failure("recv", &error)),
            }
            tls.process_new_packets().map_err(|_| Failure::Tls)?;
            flush(tls, &mut self.socket)?;
        }
    }

    /// The answer is whole: is it one that counts, and how long did it take?
    fn answered(&mut self) -> Result<Duration, Failure> {
        if self.echo.is_some() {
            return Err(Failure::Answer(Fault::Truncated)); // A socket that is answered stays.
        }
        match self.reader.status() {
            200..=299 => Ok(*self.took.get_or_insert_with(|| self.started.elapsed())),
            status => Err(Failure::Status(status)),
        }
    }

    /// Whether it is a WebSocket that is not open yet.
    pub(crate) fn is_opening(&self) -> bool {
        self.echo.as_ref().is_some_and(|echo| !echo.is_open())
    }

    fn closed(&mut self) -> Result<Step, Failure> {
        self.reader.end().map_err(Failure::Answer)?;
        self.answered().map(Step::Over)
    }
}

/// TLS as a client of a server that we believe in anyway.
fn in_front_of(config: &Arc<ClientConfig>) -> Result<Box<ClientConnection>, Failure> {
    let name = ServerName::try_from("localhost").map_err(|_| Failure::Tls)?;
    let tls = ClientConnection::new(Arc::clone(config), name);
    tls.map(Box::new).map_err(|_| Failure::Tls)
}

fn flush(tls: &mut ClientConnection, socket: &mut Socket) -> Result<(), Failure> {
    while tls.wants_write() {
        match tls.write_tls(socket) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(failure("send", &error)),
        }
    }
    Ok(())
}

fn failure(call: &'static str, error: &io::Error) -> Failure {
    match Errno::from_io_error(error) {
        Some(error) => Failure::Call(call, error),
        None => Failure::Tls,
    }
}

/// A socket that never waits.
struct Socket(OwnedFd);

impl Socket {
    /// `None`: there is no room.
    fn send(&self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        match send(&self.0, bytes, SendFlags::NOSIGNAL) {
            Ok(count) => Ok(Some(count)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(Failure::Call("send", error)),
        }
    }

    /// `None`: nothing has come.
    fn receive(&self, room: &mut [u8]) -> Result<Option<usize>, Failure> {
        match recv(&self.0, room, RecvFlags::empty()) {
            Ok((count, _)) => Ok(Some(count)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(Failure::Call("recv", error)),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Ok(recv(&self.0, room, RecvFlags::empty())?.0)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(&self.0, bytes, SendFlags::NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
            Failure::Tls => write!(out, "TLS failed"),
            Failure::Answer(fault) => write!(out, "{fault}"),
            Failure::Status(status) => write!(out, "the answer was a {status}"),
            Failure::Late => write!(out, "no answer, or no end of the connection after it"),
        }
    }
}

impl std::error::Error for Failure {}
