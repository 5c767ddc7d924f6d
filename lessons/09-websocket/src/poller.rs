//! Waiting for many sockets at once, in three system calls.

// ANCHOR: imports
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use crate::places::Token;
// ANCHOR_END: imports

// ANCHOR: poller
/// What a socket is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// For nothing: it is not in the list at all, for a client that leaves is told even to those
    /// who asked for nothing.
    Nothing,
    /// Until there is something to read, or the client has left.
    ToRead,
    /// Until there is room to write.
    ToWrite,
}

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// There is something to read, or the end.
    pub to_read: bool,
    /// There is room to write.
    pub to_write: bool,
}

impl Ready {
    /// For nothing that we know of.
    pub const NOT: Ready = Ready::new(false, false);
    /// To be read from.
    pub const TO_READ: Ready = Ready::new(true, false);
    /// For whatever is tried.
    pub const TO_BOTH: Ready = Ready::new(true, true);

    const fn new(to_read: bool, to_write: bool) -> Ready {
        Ready { to_read, to_write }
    }
}

/// The list of sockets that we wait for. The kernel keeps it.
///
/// With `poll` we would bring the whole list along each time, ten thousand entries to hear of one.
/// `epoll` keeps the list between two waits, and tells of those that are ready and no others.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
    /// What has been told, and how much of it has been passed on.
    told: Vec<(Token, Ready)>,
    passed_on: usize,
}

/// So many events are told at once.
const EVENTS: usize = 256;

impl Poller {
    /// An empty list.
    pub fn new() -> io::Result<Poller> {
        Ok(Poller {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            told: Vec::with_capacity(EVENTS),
            passed_on: 0,
        })
    }

    /// What is waited for on this socket was `before`, and is `wish` from now on. Its events will
    /// carry the token.
    pub fn change(
        &self,
        socket: impl AsFd,
        token: Token,
        before: Wish,
        wish: Wish,
    ) -> io::Result<()> {
        let data = EventData::new_u64(token.to_number());
        let flags = match wish {
            Wish::Nothing => EventFlags::empty(),
            Wish::ToRead => EventFlags::IN,
            Wish::ToWrite => EventFlags::OUT,
        };
        match (before, wish) {
            (before, wish) if before == wish => {}
            (Wish::Nothing, _) => epoll::add(&self.epoll, socket, data, flags)?,
            (_, Wish::Nothing) => epoll::delete(&self.epoll, socket)?,
            _ => epoll::modify(&self.epoll, socket, data, flags)?,
        }
        Ok(())
    }

    /// Sleeps until something happens to one of them, but no longer than `at_most`.
    pub fn wait(&mut self, at_most: Option<Duration>) -> io::Result<()> {
        self.told.clear();
        self.passed_on = 0;
        let at_most = at_most.and_then(|time| Timespec::try_from(time).ok());
        let mut room = [const { MaybeUninit::uninit() }; EVENTS];
        match epoll::wait(&self.epoll, &mut room, at_most.as_ref()) {
            Ok((events, _)) => self.told.extend(events.iter().map(what_is_told)),
            Err(Errno::INTR) => {} // A signal is a reason to look around.
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// The next one that is ready, and for what.
    pub fn next_ready(&mut self) -> Option<(Token, Ready)> {
        let next = self.told.get(self.passed_on).copied();
        self.passed_on += 1;
        next
    }
}

fn what_is_told(event: &Event) -> (Token, Ready) {
    // The kernel's events are packed, so their fields are copied out.
    let Event { flags, data } = *event;
    // An error, or the end of the connection, shows in what is tried next.
    let ends = flags.intersects(EventFlags::ERR | EventFlags::HUP);
    let ready = Ready {
        to_read: ends || flags.contains(EventFlags::IN),
        to_write: ends || flags.contains(EventFlags::OUT),
    };
    (Token::from_number(data.u64()), ready)
}
// ANCHOR_END: poller
