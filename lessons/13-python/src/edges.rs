//! Waiting for many sockets, each of them told to the kernel once.

// ANCHOR: imports
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use lesson09::Token;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
// ANCHOR_END: imports

// ANCHOR: news
/// What has happened to a socket since we were told of it last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Something has come, or the end.
    pub(crate) to_read: bool,
    /// There is room again.
    pub(crate) to_write: bool,
    /// Nothing more will come: what is there can be read, and then the end.
    pub(crate) is_last: bool,
}

impl News {
    /// Both.
    pub(crate) fn and(self, other: News) -> News {
        News {
            to_read: self.to_read || other.to_read,
            to_write: self.to_write || other.to_write,
            is_last: self.is_last || other.is_last,
        }
    }

    /// Whether anything has happened at all.
    pub(crate) fn is_any(self) -> bool {
        self != News::default()
    }
}
// ANCHOR_END: news

// ANCHOR: edges
/// The kernel's list of our sockets, as in lesson 9, but told of *changes*.
///
/// There, and in lesson 10, a socket that can be read is told in every round until it has been
/// read. Here several threads ask. A request on which one of them works would be told to the
/// others, again and again, unless its socket is taken off the list and put back for each request.
/// With `EPOLLET` (edge-triggered) something is told once, when it happens. Whoever is told keeps it
/// in mind until a read says that nothing is left.
#[derive(Debug)]
pub(crate) struct Edges {
    epoll: OwnedFd,
}

/// So many are told at once.
const EVENTS: usize = 64;

impl Edges {
    pub(crate) fn new() -> io::Result<Edges> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Edges { epoll })
    }

    /// Puts a socket on the list: for what comes, and for room to write if somebody waits for that.
    /// What has happened already is told at once.
    pub(crate) fn watch(
        &self,
        socket: impl AsFd,
        token: Token,
        wants_room: bool,
    ) -> io::Result<()> {
        Ok(epoll::add(
            &self.epoll,
            socket,
            data(token),
            flags(wants_room),
        )?)
    }

    /// From now on room to write is told of, too. Few ever need it.
    pub(crate) fn watch_room(&self, socket: impl AsFd, token: Token) -> io::Result<()> {
        Ok(epoll::modify(
            &self.epoll,
            socket,
            data(token),
            flags(true),
        )?)
    }

    /// Puts something on the list that is told in every round, as long as it can be read.
    pub(crate) fn watch_always(&self, what: impl AsFd, token: Token) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, what, data(token), EventFlags::IN)?)
    }

    /// Takes something off the list.
    pub(crate) fn forget(&self, what: impl AsFd) {
        // Whatever is wrong with it, it is told of no more.
        let _ = epoll::delete(&self.epoll, what);
    }

    /// Sleeps until something happens, but no longer than `at_most`, and notes it.
    pub(crate) fn wait(
        &self,
        at_most: Option<Duration>,
        told: &mut Vec<(Token, News)>,
    ) -> io::Result<()> {
        let at_most = at_most.and_then(|time| Timespec::try_from(time).ok());
        let mut room = [const { MaybeUninit::uninit() }; EVENTS];
        match epoll::wait(&self.epoll, &mut room, at_most.as_ref()) {
            Ok((events, _)) => told.extend(events.iter().map(what_is_told)),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl AsFd for Edges {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

fn flags(wants_room: bool) -> EventFlags {
    let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
    match wants_room {
        true => flags | EventFlags::OUT,
        false => flags,
    }
}

fn data(token: Token) -> EventData {
    EventData::new_u64(token.to_number())
}

fn what_is_told(event: &Event) -> (Token, News) {
    let Event { flags, data } = *event;
    let is_over = flags.intersects(EventFlags::ERR | EventFlags::HUP);
    let is_last = is_over || flags.contains(EventFlags::RDHUP);
    let news = News {
        to_read: is_last || flags.contains(EventFlags::IN),
        to_write: is_over || flags.contains(EventFlags::OUT),
        is_last,
    };
    (Token::from_number(data.u64()), news)
}
// ANCHOR_END: edges
