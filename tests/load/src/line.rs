//! One of the client's connections.

use std::net::SocketAddr;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, connect, recv, send, socket_with,
    sockopt,
};

use crate::Failure;
use crate::reader::Reader;

/// A connection, and the request whose answer it waits for.
pub(crate) struct Line {
    socket: OwnedFd,
    reader: Reader,
    /// The request that is on its way here; `None`: the line is kept for the next one.
    request: Option<usize>,
    /// How many bytes of the request have left.
    sent: usize,
    /// Whether another request was answered here before.
    is_reused: bool,
    /// What kept the request from leaving as a whole.
    lost: Option<Failure>,
    /// Whether anything of the answer has come.
    has_heard: bool,
    /// The answer, if somebody wants to have it.
    pub(crate) answer: Option<Vec<u8>>,
}

/// What has become of a request.
pub(crate) enum Step {
    /// It waits for the server.
    Waiting,
    /// It was answered.
    Answered {
        /// With this status.
        status: u16,
        /// Whether the next request can use the connection.
        persists: bool,
    },
    /// It was not, and the connection is of no more use.
    Failed(Failure),
}

impl Line {
    /// Begins to connect. It does not wait for it.
    pub(crate) fn open(
        address: SocketAddr,
        keeps_answer: bool,
        (epoll, token): (&OwnedFd, u64),
    ) -> Result<Line, Failure> {
        let failed = |call| move |error| Failure::of_call(call, error);
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket =
            socket_with(family, SocketType::STREAM, flags, None).map_err(failed("socket"))?;
        sockopt::set_tcp_nodelay(&socket, true).map_err(failed("setsockopt"))?;
        let events = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(epoll, &socket, EventData::new_u64(token), events)
            .map_err(failed("epoll_ctl"))?;
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(Failure::of_call("connect", error)),
        }
        Ok(Line {
            socket,
            reader: Reader::default(),
            request: None,
            sent: 0,
            is_reused: false,
            lost: None,
            has_heard: false,
            answer: keeps_answer.then(Vec::new),
        })
    }

    /// Which request is on its way here.
    pub(crate) fn request(&self) -> Option<usize> {
        self.request
    }

    /// Takes the next request.
    pub(crate) fn ask(&mut self, request: usize) {
        self.request = Some(request);
        self.sent = 0;
        self.lost = None;
        self.has_heard = false;
        self.reader.reset();
        self.answer.iter_mut().for_each(Vec::clear);
    }

    /// Is kept for the next request.
    pub(crate) fn rest(&mut self) {
        self.request = None;
        self.is_reused = true;
    }

    /// Sends and receives what can be without waiting.
    pub(crate) fn advance(&mut self, question: &[u8], room: &mut [u8]) -> Step {
        if let Err(failure) = self.send(question) {
            return Step::Failed(failure);
        }
        loop {
            let count = match recv(&self.socket, &mut *room, RecvFlags::empty()) {
                Ok((0, _)) => return self.closed(),
                Ok((count, _)) => count,
                Err(Errno::AGAIN | Errno::INTR) => return Step::Waiting,
                Err(error) => return Step::Failed(self.silent(Failure::of_call("recv", error))),
            };
            self.has_heard = true;
            self.answer
                .iter_mut()
                .for_each(|answer| answer.extend_from_slice(&room[..count]));
            match self.reader.feed(&room[..count]) {
                Ok(false) => {}
                Ok(true) => return self.answered(self.reader.persists()),
                Err(fault) => return Step::Failed(Failure::Broken(fault)),
            }
        }
    }

    fn send(&mut self, question: &[u8]) -> Result<(), Failure> {
        while self.sent < question.len() {
            match send(&self.socket, &question[self.sent..], SendFlags::NOSIGNAL) {
                Ok(count) => self.sent += count,
                Err(Errno::AGAIN | Errno::INTR) => break,
                // A server may answer before it has read everything, and close. What it has said
                // is still there to be read.
                Err(error @ (Errno::PIPE | Errno::CONNRESET)) => {
                    self.lost = Some(Failure::of_call("send", error));
                    self.sent = question.len();
                }
                Err(error) => return Err(Failure::of_call("send", error)),
            }
        }
        Ok(())
    }

    /// The answer is whole. It may be one that does not count.
    fn answered(&self, persists: bool) -> Step {
        match self.reader.status() {
            status @ 200..=299 => Step::Answered { status, persists },
            status => Step::Failed(Failure::Status(status)),
        }
    }

    /// The server has closed, which may be the end of its answer.
    fn closed(&mut self) -> Step {
        match self.reader.end() {
            Ok(()) => self.answered(false),
            Err(_) if !self.has_heard => {
                Step::Failed(self.silent(self.lost.unwrap_or(Failure::Closed)))
            }
            Err(fault) => Step::Failed(Failure::Broken(fault)),
        }
    }

    /// The same failure, unless it is one that a request on a used connection has to expect.
    fn silent(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Closed | Failure::Reset if self.is_reused && !self.has_heard => {
                Failure::ClosedWhenReused
            }
            failure => failure,
        }
    }
}
