//! The door: who comes in, when it is shut, and when the house closes.
//!
//! ```text
//! look_at         before each sleep: is there room? the listener is watched, or it is not
//! let_in          somebody stands at the door: accept, at most 64 at once
//! hear_the_bell   close: filter the listener, take those who are connected, close it
//! time_is_up      the door has rested long enough; or the house has waited long enough
//! ```

// ANCHOR: imports
use std::net::{SocketAddr, TcpStream};
use std::process;
use std::sync::Arc;
use std::time::Duration;

use lesson05::{Ended, accept_last, let_nobody_in};
use lesson07::{Conversation, House};
use lesson09::{Token, Wish};
use rustix::io::Errno;
use rustix::net::{SocketFlags, acceptfrom_with};
use socket2::{SockAddr, Socket};
use terminal::say;

use crate::floor::Floor;
// ANCHOR_END: imports

// ANCHOR: door
/// Somebody stands at the door, or it has rested long enough.
pub(crate) const DOOR: Token = Token::special(1);

/// The bell has rung, or the house has waited long enough since.
pub(crate) const STOP: Token = Token::special(2);

/// The door of a house.
pub(crate) struct Door {
    house: Arc<House>,
    /// `None` once nobody else is let in.
    listener: Option<Socket>,
    /// Whether somebody else may go on listening on the same socket.
    is_shared: bool,
    /// What the poller has been told of the listener.
    wish: Wish,
    /// Nobody can be let in for a moment, for there are no descriptors.
    rests: bool,
    /// The bell has rung: nobody else may come, but those who have a connection are let in.
    is_closing: bool,
    is_out_of_time: bool,
}

impl Door {
    pub(crate) fn new(house: Arc<House>, listener: Socket, is_shared: bool) -> Door {
        Door {
            house,
            listener: Some(listener),
            is_shared,
            wish: Wish::Nothing,
            rests: false,
            is_closing: false,
            is_out_of_time: false,
        }
    }

    /// Has a look at the floor. While it is full, nobody is let in: the kernel keeps them waiting,
    /// as many as the backlog says, and they have their turn as soon as somebody leaves.
    pub(crate) fn look_at(&mut self, floor: &mut Floor) {
        let is_full = !floor.has_room();
        self.house.set_crowded(is_full);
        if self.is_closing && !is_full && !self.rests {
            return self.let_the_last_in(floor);
        }
        let wish = match self.rests || is_full || self.is_closing {
            true => Wish::Nothing,
            false => Wish::ToRead,
        };
        if let Some(listener) = &self.listener {
            match floor.poller.change(listener, DOOR, self.wish, wish) {
                Ok(()) => self.wish = wish,
                Err(error) => self.rest("epoll_ctl", &error, floor),
            }
        }
    }

    /// Whether the house has closed, and how.
    pub(crate) fn has_ended(&self, floor: &Floor) -> Option<Ended> {
        match self.listener {
            _ if self.is_out_of_time => Some(Ended::Forced),
            None if floor.count() == 0 => Some(Ended::Clean),
            _ => None,
        }
    }
}
// ANCHOR_END: door

// ANCHOR: let_in
/// So many are let in at once, and then the guests have their turn.
const A_FEW: usize = 64;

/// How long the door rests when there are no descriptors. The first lesson sleeps meanwhile; that
/// is not for us, for all the guests would wait.
const A_MOMENT: Duration = Duration::from_millis(100);

impl Door {
    /// Lets in those who stand at the door.
    pub(crate) fn let_in(&mut self, floor: &mut Floor) {
        let Some(listener) = &self.listener else {
            return;
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        for _ in 0..A_FEW {
            if !floor.has_room() || self.is_closing {
                return;
            }
            match acceptfrom_with(listener, flags) {
                Ok((client, peer)) => {
                    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
                    seat(&self.house, client.into(), peer, floor);
                }
                Err(Errno::AGAIN) => return,
                // They concern this one client, which has left already, or nobody.
                Err(Errno::CONNABORTED | Errno::PROTO | Errno::INTR) => {}
                Err(error) => return self.rest("accept", &error.into(), floor),
            }
        }
    }

    /// There is no descriptor or no memory left. As long as somebody stands at the door, the poller
    /// would say so at once, again and again; so the door is not watched for a moment.
    fn rest(&mut self, call: &str, error: &std::io::Error, floor: &mut Floor) {
        say(format_args!("{call}: {error}; trying again in a moment"));
        self.rests = true;
        floor.set_alarm(A_MOMENT, DOOR);
    }
}

fn seat(house: &Arc<House>, client: TcpStream, peer: Option<SocketAddr>, floor: &mut Floor) {
    house.stats.accepted.add(1);
    // Our listeners are IPv4 or IPv6, and so are their clients.
    if let Some(peer) = peer {
        let conversation = Conversation::new(peer, floor.now(), house);
        floor.seat(house.stream(client), conversation);
    }
}
// ANCHOR_END: let_in

// ANCHOR: close
impl Door {
    /// The bell has rung: the first ring says stop, and any further one says at once.
    pub(crate) fn hear_the_bell(&mut self, floor: &mut Floor) {
        let rings = self.house.stop.rings();
        self.is_out_of_time |= rings > 1 || rings > 0 && self.is_closing;
        if rings > 0 && !self.is_closing {
            self.close(floor);
        }
    }

    /// Closes the house, in this order: let nobody else connect; let those in who are connected,
    /// as far as there is room; let every answer from here on say `close`; and give those who only
    /// wait for another request a last moment.
    fn close(&mut self, floor: &mut Floor) {
        self.is_closing = true;
        if let Some(listener) = &self.listener
            && !self.is_shared
        {
            let_nobody_in(listener);
        }
        self.let_the_last_in(floor);
        let count = floor.count();
        match self.is_shared {
            // The others go on, and so does the server as a whole.
            true => say(format_args!(
                "process {} leaves; connections: {count}",
                process::id()
            )),
            false => say(format_args!(
                "stopping; connections: {count}; once more to stop at once"
            )),
        }
        self.house.tell_upgraded();
        floor.set_alarm(self.house.rules.stop_timeout, STOP);
        floor.ask_everybody();
    }

    /// Lets in the clients that the kernel has accepted for us. When none is left we stop
    /// listening; until then we come back here whenever there is room.
    fn let_the_last_in(&mut self, floor: &mut Floor) {
        let Some(listener) = &self.listener else {
            return;
        };
        // On a socket that others listen on as well, they could keep coming for ever. The kernel
        // holds one client more than the backlog says.
        for _ in 0..=self.house.gateway.settings.backlog {
            if !floor.has_room() {
                return;
            }
            match accept_last(listener) {
                Ok(Some(client)) => seat_the_last(&self.house, client, floor),
                Ok(None) => break,
                Err(error) if error.raw_os_error() == Some(Errno::CONNABORTED.raw_os_error()) => {}
                Err(error) => return self.rest("accept", &error, floor),
            }
        }
        // Should somebody else hold the same socket, to close ours would not take it off the list.
        let _ = floor
            .poller
            .change(listener, DOOR, self.wish, Wish::Nothing);
        self.listener = None;
    }

    /// An alarm went off.
    pub(crate) fn time_is_up(&mut self, alarm: Token) {
        match alarm {
            DOOR => self.rests = false,
            STOP => self.is_out_of_time = true,
            _ => {}
        }
    }
}

fn seat_the_last(house: &Arc<House>, client: (Socket, SockAddr), floor: &mut Floor) {
    let (client, peer) = client;
    if client.set_nonblocking(true).is_ok() {
        seat(house, client.into(), peer.as_socket(), floor);
    }
}
// ANCHOR_END: close
