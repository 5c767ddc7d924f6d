//! The driver: one thread for all sockets.
//!
//! ```text
//! loop   take what others have left: newcomers, calls          Switchboard::take
//!        sleep until one of the connections is ready, or one is due   epoll_wait
//!        give each of them its turn                             Upgraded::turn
//! ```

// ANCHOR: imports
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use lesson02::Stream;
use lesson03::Protocol;
use lesson07::Upgrader;
use terminal::say;

use crate::deadlines::{Alarm, Deadlines};
use crate::places::{Places, Token};
use crate::poller::{Poller, Ready, Wish};
use crate::switchboard::{Call, Newcomer, Switchboard};
use crate::upgraded::{DriverLimits, Gone, Scratch, Upgraded};
// ANCHOR_END: imports

// ANCHOR: driver
/// Takes connections over from the workers of lesson 7 and drives all of them in one thread, so
/// that a quiet one costs memory and nothing else.
///
/// It knows nothing of WebSocket: any [`Protocol`] will do.
pub struct Driver {
    switchboard: Arc<Switchboard>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Driver {
    /// Starts the thread.
    pub fn start(limits: DriverLimits) -> io::Result<Driver> {
        let switchboard = Arc::new(Switchboard::new()?);
        let mut wheel = Wheel::new(Arc::clone(&switchboard), limits)?;
        let named = thread::Builder::new().name("websockets".to_owned());
        let thread = named.spawn(move || wheel.run())?;
        Ok(Driver {
            switchboard,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// How many connections it has.
    pub fn open(&self) -> usize {
        self.switchboard.open()
    }

    /// Waits until no connection is left, but no longer than this. Says whether that is so.
    pub fn all_left(&self, deadline: Instant) -> bool {
        self.switchboard.all_left(deadline)
    }

    /// Lets go of everybody, at once, and ends the thread.
    pub fn stop(&self) {
        self.switchboard.end();
        let thread = self.thread.lock();
        let thread = thread.unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join(); // Its panics have been caught, one by one.
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What can be switched to, as the field `Upgrade` lists it.
pub(crate) const PROTOCOLS: &str = "websocket";

impl Upgrader for Driver {
    fn protocols(&self) -> &'static str {
        PROTOCOLS
    }

    fn take_over(&self, stream: Box<dyn Stream>, protocol: Box<dyn Protocol>, received: Vec<u8>) {
        self.switchboard.hand_over(Newcomer {
            stream,
            protocol,
            received,
        });
    }

    fn all_left(&self, deadline: Instant) -> bool {
        self.all_left(deadline)
    }
}
// ANCHOR_END: driver

// ANCHOR: wheel
/// The thread's own: everything that it turns.
struct Wheel {
    poller: Poller,
    switchboard: Arc<Switchboard>,
    limits: DriverLimits,
    sockets: Places<Watched>,
    deadlines: Deadlines,
    again: Vec<Token>,
    scratch: Scratch,
}

/// A connection, and what the thread has promised to notice for it.
struct Watched {
    connection: Upgraded,
    /// What the poller watches for.
    wish: Wish,
    /// The alarm that is set for it.
    alarm: Alarm,
}

/// The bell's own token: no connection has it.
const BELL: Token = Token::special(0);

impl Wheel {
    fn new(switchboard: Arc<Switchboard>, limits: DriverLimits) -> io::Result<Wheel> {
        let poller = Poller::new()?;
        poller.change(&switchboard.bell, BELL, Wish::Nothing, Wish::ToRead)?;
        Ok(Wheel {
            poller,
            switchboard,
            limits,
            sockets: Places::default(),
            deadlines: Deadlines::default(),
            again: Vec::new(),
            scratch: Scratch::default(),
        })
    }

    /// Until it is told to end.
    fn run(&mut self) {
        loop {
            while let Some(calls) = self.switchboard.take() {
                if calls.is_ending {
                    return self.let_go(calls.newcomers);
                }
                calls
                    .newcomers
                    .into_iter()
                    .for_each(|newcomer| self.welcome(newcomer));
                calls
                    .woken
                    .into_iter()
                    .for_each(|token| self.turn(token, Ready::NOT));
            }
            self.sleep();
            self.switchboard.wake_up();
            while let Some((token, ready)) = self.poller.next_ready() {
                match token {
                    BELL => self.switchboard.bell.silence(),
                    socket => self.turn(socket, ready),
                }
            }
            for token in std::mem::take(&mut self.again) {
                self.turn(token, Ready::TO_READ);
            }
            let now = Instant::now();
            while let Some((time, token)) = self.deadlines.due(now) {
                self.come_up(time, token);
            }
        }
    }

    /// Sleeps until somebody is ready or due. An error is a reason to look around again.
    fn sleep(&mut self) {
        let due = match self.again.is_empty() {
            true => self.deadlines.next(),
            false => Some(Instant::now()),
        };
        let left = due.map(|due| due.saturating_duration_since(Instant::now()));
        let _ = self.poller.wait(left);
    }
}
// ANCHOR_END: wheel

// ANCHOR: turns
impl Wheel {
    /// Gives a newcomer a place, and its protocol the first word.
    fn welcome(&mut self, newcomer: Newcomer) {
        let token = self.sockets.seat(Watched {
            connection: Upgraded::new(newcomer.stream, newcomer.protocol, newcomer.received),
            wish: Wish::Nothing,
            alarm: None,
        });
        let switchboard = Arc::clone(&self.switchboard);
        let waker = Waker::from(Arc::new(Call { switchboard, token }));
        let opened = match self.sockets.get_mut(token) {
            Some(Watched { connection, .. }) => {
                let can_wait = connection.stream().socket().set_nonblocking(true);
                let open = AssertUnwindSafe(|| connection.open(waker));
                can_wait.is_ok() && catch_unwind(open).is_ok()
            }
            None => return,
        };
        match opened {
            // What a layer of TLS has decrypted already shows on no descriptor.
            true => self.turn(token, Ready::TO_BOTH),
            false => self.leave(token),
        }
    }

    /// A connection's turn. Late news for one that has gone finds nobody.
    fn turn(&mut self, token: Token, ready: Ready) {
        let Some(Watched { connection, .. }) = self.sockets.get_mut(token) else {
            return;
        };
        let turn = AssertUnwindSafe(|| {
            let (limits, scratch) = (&self.limits, &mut self.scratch);
            connection.turn(ready, Instant::now(), limits, scratch)
        });
        match catch_unwind(turn) {
            Ok(Ok(())) => self.settle(token),
            Ok(Err(Gone)) => self.leave(token),
            Err(_) => {
                say("a protocol panicked; its connection is closed");
                self.leave(token);
            }
        }
    }

    /// Notes what the connection waits for now. The kernel is told if that has changed.
    fn settle(&mut self, token: Token) {
        let Some(Watched {
            connection,
            wish,
            alarm,
        }) = self.sockets.get_mut(token)
        else {
            return;
        };
        if connection.has_more() {
            self.again.push(token);
        }
        if let Some(due) = connection.next_turn() {
            self.deadlines.set(alarm, due, token);
        }
        let before = std::mem::replace(wish, connection.wish());
        let socket = &**connection.stream().socket();
        if self.poller.change(socket, token, before, *wish).is_err() {
            self.leave(token);
        }
    }

    /// An alarm went off: the connection is due, or has moved its deadline meanwhile.
    fn come_up(&mut self, time: Instant, token: Token) {
        if let Some(Watched { alarm, .. }) = self.sockets.get_mut(token)
            && *alarm == Some(time)
        {
            *alarm = None;
            self.turn(token, Ready::NOT);
        }
    }

    /// The connection has gone. Dropping it closes its descriptor.
    fn leave(&mut self, token: Token) {
        if let Some(mut watched) = self.sockets.leave(token) {
            let lost = AssertUnwindSafe(|| watched.connection.lost());
            let _ = catch_unwind(lost);
            drop(watched);
            self.switchboard.one_left();
        }
    }

    /// Lets go of everybody.
    fn let_go(&mut self, newcomers: Vec<Newcomer>) {
        for newcomer in newcomers {
            drop(newcomer);
            self.switchboard.one_left();
        }
        let all: Vec<Token> = self.sockets.tokens().collect();
        for token in all {
            self.leave(token);
        }
    }
}
// ANCHOR_END: turns
