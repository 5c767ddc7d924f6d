//! The hall: everything that the threads of a server share.

// ANCHOR: imports
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lesson05::{accept_last, let_nobody_in};
use lesson07::{Conversation, House};
use lesson09::Token;
use lesson10::Calls;
use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{SockAddr, Socket};
use terminal::say;

use crate::edges::{Edges, News};
use crate::floor::Floor;
// ANCHOR_END: imports

// ANCHOR: hall
/// Somebody stands at the door, or it has rested long enough.
const DOOR: Token = Token::special(1);
/// The server shall stop.
const STOP: Token = Token::special(2);
/// Somebody has been called from elsewhere, or everybody shall go home.
const CALLS: Token = Token::special(3);

/// What all threads share: the kernel's list, the lines, and the door.
pub(crate) struct Hall {
    pub(crate) house: Arc<House>,
    pub(crate) address: SocketAddr,
    pub(crate) edges: Edges,
    inside: Mutex<Inside>,
    /// Who has been called from elsewhere. Their bell wakes whoever waits for events.
    pub(crate) calls: Arc<Calls<Token>>,
}

/// What is under the lock.
pub(crate) struct Inside {
    pub(crate) floor: Floor,
    /// `None` once nobody else is let in.
    listener: Option<Socket>,
    /// Whether the kernel has been asked to tell of the listener.
    is_watched: bool,
    /// Nobody can be let in for a moment, for there are no descriptors.
    rests: bool,
    is_closing: bool,
}

impl Hall {
    /// A hall whose door is this listener.
    pub(crate) fn new(
        house: Arc<House>,
        listener: Socket,
        address: SocketAddr,
        floor: Floor,
    ) -> io::Result<Hall> {
        let (edges, calls) = (Edges::new()?, Calls::new()?);
        edges.watch_always(&*house.stop, STOP)?;
        edges.watch_always(&*calls, CALLS)?;
        Ok(Hall {
            house,
            address,
            edges,
            calls,
            inside: Mutex::new(Inside {
                floor,
                listener: Some(listener),
                is_watched: false,
                rests: false,
                is_closing: false,
            }),
        })
    }

    /// What is shared, for a moment. No Python may be called meanwhile, and nobody waits.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for events.
    pub(crate) fn wake(&self) {
        self.calls.call(CALLS);
    }

    /// Takes note of what the kernel has told, and of what is due.
    pub(crate) fn take_in(&self, inside: &mut Inside, told: &mut Vec<(Token, News)>, now: Instant) {
        for (token, news) in told.drain(..) {
            match token {
                DOOR => inside.let_in(self, now),
                STOP => inside.close(self, now),
                CALLS => {
                    for token in self.calls.take() {
                        inside.floor.call(token);
                    }
                }
                token => inside.floor.tell(token, news),
            }
        }
        for alarm in inside.floor.time_is_up(now) {
            if alarm == DOOR {
                inside.rests = false;
            }
        }
    }
}
// ANCHOR_END: hall

// ANCHOR: door
/// So many are let in at once, and then those inside have their turn.
const A_FEW: usize = 64;
/// How long the door rests when there are no descriptors.
const A_MOMENT: Duration = Duration::from_millis(100);

impl Inside {
    /// What is to be done before everybody sleeps. While the hall is full nobody is let in: the
    /// kernel keeps them waiting.
    pub(crate) fn look_at_the_door(&mut self, hall: &Hall, now: Instant) {
        let is_full = !self.floor.has_room();
        hall.house.set_crowded(is_full);
        if self.is_closing && !is_full && !self.rests {
            return self.let_the_last_in(hall, now);
        }
        let wanted = !(self.rests || is_full || self.is_closing);
        let Some(listener) = &self.listener else {
            return;
        };
        match (self.is_watched, wanted) {
            (false, true) => {
                self.is_watched = hall.edges.watch_always(listener, DOOR).is_ok();
            }
            (true, false) => {
                hall.edges.forget(listener);
                self.is_watched = false;
            }
            _ => {}
        }
    }

    /// Lets in those who stand at the door.
    fn let_in(&mut self, hall: &Hall, now: Instant) {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        for _ in 0..A_FEW {
            let Some(listener) = &self.listener else {
                return;
            };
            if !self.floor.has_room() || self.is_closing {
                return;
            }
            match acceptfrom_with(listener, flags) {
                Ok((client, peer)) => {
                    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
                    self.seat(client.into(), peer, hall, now);
                }
                Err(Errno::AGAIN) => return,
                // They concern this one client, which has left already, or nobody.
                Err(Errno::CONNABORTED | Errno::PROTO | Errno::INTR) => {}
                Err(error) => return self.rest(&error.into(), now),
            }
        }
    }

    fn rest(&mut self, error: &io::Error, now: Instant) {
        say(format_args!("accept: {error}; trying again in a moment"));
        self.rests = true;
        self.floor.set_alarm(now + A_MOMENT, DOOR);
    }

    fn seat(&mut self, client: TcpStream, peer: Option<SocketAddr>, hall: &Hall, now: Instant) {
        let house = &hall.house;
        house.stats.accepted.add(1);
        if let Some(peer) = peer {
            let talk = Conversation::new(peer, now, house);
            let tracing = house.gateway.settings.trace;
            self.floor.seat(house.stream(client), talk, tracing);
        }
    }
}
// ANCHOR_END: door

// ANCHOR: close
impl Inside {
    /// Whether everybody has gone and nobody else may come.
    pub(crate) fn is_over(&self) -> bool {
        self.listener.is_none() && self.floor.count() == 0
    }

    /// The bell has rung: closes the house in the order of lesson 10.
    fn close(&mut self, hall: &Hall, now: Instant) {
        hall.edges.forget(&*hall.house.stop);
        if std::mem::replace(&mut self.is_closing, true) {
            return;
        }
        // Others may go on listening on the same socket.
        let is_shared = hall.house.gateway.deployment.multiprocess;
        if let Some(listener) = &self.listener
            && !is_shared
        {
            let_nobody_in(listener);
        }
        self.let_the_last_in(hall, now);
        let count = self.floor.count();
        say(format_args!(
            "stopping; connections: {count}; once more to stop at once"
        ));
        hall.house.tell_upgraded();
        self.floor.call_everybody();
    }

    /// Lets in the clients that the kernel has accepted for us, as far as there is room.
    fn let_the_last_in(&mut self, hall: &Hall, now: Instant) {
        for _ in 0..=hall.house.gateway.settings.backlog {
            let Some(listener) = &self.listener else {
                return;
            };
            if !self.floor.has_room() {
                return;
            }
            match accept_last(listener) {
                Ok(Some((client, peer))) => self.seat_the_last(client, peer, hall, now),
                Ok(None) => break,
                Err(error) if error.raw_os_error() == Some(Errno::CONNABORTED.raw_os_error()) => {}
                Err(error) => return self.rest(&error, now),
            }
        }
        if self.is_watched
            && let Some(listener) = &self.listener
        {
            hall.edges.forget(listener);
        }
        self.listener = None;
    }

    fn seat_the_last(&mut self, client: Socket, peer: SockAddr, hall: &Hall, now: Instant) {
        if client.set_nonblocking(true).is_ok() {
            self.seat(client.into(), peer.as_socket(), hall, now);
        }
    }
}
// ANCHOR_END: close
