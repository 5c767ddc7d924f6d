//! All the lines of a server, and whose turn it is.
//!
//! Nothing in here waits, and nothing in here calls Python: whoever holds this lock may hold the
//! interpreter's as well, and must not wait for it.

// ANCHOR: imports
use std::collections::VecDeque;
use std::iter;
use std::mem;

use std::time::{Duration, Instant};

use lesson02::{Page, Stream};
use lesson07::Conversation;
use lesson09::{Alarm, Deadlines, Places, Token};

use crate::edges::{Edges, News};
use crate::line::{Line, Next, Stage, Workplace};
// ANCHOR_END: imports

// ANCHOR: floor
/// All the lines.
pub(crate) struct Floor {
    seats: Places<Seat>,
    /// Those who can have a turn, in the order in which they can.
    ready: VecDeque<Token>,
    deadlines: Deadlines,
    /// How much has been gathered, of all bodies together.
    gathered: u64,
    most_gathered: u64,
    room: usize,
}

/// A place for a line.
#[derive(Default)]
struct Seat {
    /// The line, unless it has its turn.
    line: Option<Box<Line>>,
    /// What has happened to it meanwhile.
    news: News,
    /// Whether it shall have a turn, whatever has happened.
    is_called: bool,
    /// Whether it stands among those who are ready.
    is_ready: bool,
    until: Option<Instant>,
    alarm: Alarm,
    gathered: u64,
}

/// A line whose turn it is.
pub(crate) struct Turn {
    pub(crate) token: Token,
    pub(crate) line: Box<Line>,
    news: News,
    /// Whether there is no room for the body that it gathers.
    is_too_much: bool,
}

impl Floor {
    /// An empty floor with room for so many lines.
    pub(crate) fn new(room: usize, most_gathered: u64) -> Floor {
        Floor {
            seats: Places::default(),
            ready: VecDeque::new(),
            deadlines: Deadlines::default(),
            gathered: 0,
            most_gathered,
            room,
        }
    }

    /// How many lines there are.
    pub(crate) fn count(&self) -> usize {
        self.seats.count()
    }

    /// Whether there is room for one more.
    pub(crate) fn has_room(&self) -> bool {
        self.count() < self.room
    }

    /// Gives a client a place, and a turn: what it asks for is often here already, and then it is
    /// answered and gone before the kernel has been asked to tell of it.
    pub(crate) fn seat(&mut self, stream: Box<dyn Stream>, talk: Conversation, tracing: bool) {
        let line = Box::new(Line::new(stream, talk, tracing));
        let token = self.seats.seat(Seat {
            line: Some(line),
            ..Seat::default()
        });
        self.call(token);
    }

    /// Something has happened to a line.
    pub(crate) fn tell(&mut self, token: Token, news: News) {
        if let Some(seat) = self.seats.get_mut(token) {
            seat.news = seat.news.and(news);
            self.get_ready(token);
        }
    }

    /// A line shall have a turn.
    pub(crate) fn call(&mut self, token: Token) {
        if let Some(seat) = self.seats.get_mut(token) {
            seat.is_called = true;
            self.get_ready(token);
        }
    }

    /// All of them shall.
    pub(crate) fn call_everybody(&mut self) {
        let all: Vec<Token> = self.seats.tokens().collect();
        all.into_iter().for_each(|token| self.call(token));
    }

    /// Lets a line stand among those who are ready, unless it has its turn just now: whoever gives
    /// it back will see to that.
    fn get_ready(&mut self, token: Token) {
        if let Some(seat) = self.seats.get_mut(token)
            && seat.line.is_some()
            && !seat.is_ready
        {
            seat.is_ready = true;
            self.ready.push_back(token);
        }
    }
}
// ANCHOR_END: floor

// ANCHOR: turns
impl Floor {
    /// The next line that can have a turn.
    pub(crate) fn take(&mut self) -> Option<Turn> {
        while let Some(token) = self.ready.pop_front() {
            if let Some(seat) = self.seats.get_mut(token) {
                seat.is_ready = false;
            }
            let turn = self.take_this(token);
            if turn.is_some() {
                return turn;
            }
        }
        None
    }

    /// This line, if it is here.
    pub(crate) fn take_this(&mut self, token: Token) -> Option<Turn> {
        let is_too_much = self.gathered > self.most_gathered;
        let seat = self.seats.get_mut(token)?;
        let line = seat.line.take()?;
        seat.is_called = false;
        Some(Turn {
            token,
            is_too_much: is_too_much && line.is_gathering(),
            line,
            news: mem::take(&mut seat.news),
        })
    }

    /// Whether somebody can have a turn.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes a line back after its turn. One that leaves is returned, to be dropped where there
    /// is no lock: what is dropped with it may be Python's.
    pub(crate) fn give_back(&mut self, turn: Turn, next: Next) -> Option<Box<Line>> {
        let Turn { token, line, .. } = turn;
        let Some(seat) = self.seats.get_mut(token) else {
            return Some(line);
        };
        self.gathered = self.gathered + line.gathered - seat.gathered;
        seat.gathered = line.gathered;
        if next == Next::Leave {
            self.gathered -= seat.gathered;
            self.seats.leave(token);
            return Some(line);
        }
        seat.until = line.until;
        seat.line = Some(line);
        if let Some(until) = seat.until {
            self.deadlines.set(&mut seat.alarm, until, token);
        }
        if next == Next::GoOn || seat.news.is_any() || seat.is_called {
            self.get_ready(token);
        }
        self.forget_those_who_left();
        None
    }

    /// As in lesson 10: memory follows the number of clients and not the number of visits.
    fn forget_those_who_left(&mut self) {
        if self.deadlines.count() > 1024 + 4 * self.seats.count() {
            let seats = &mut self.seats;
            self.deadlines.retain(|time, token| {
                let seat = seats.get_mut(token);
                token.is_special() || seat.is_some_and(|seat| seat.alarm == Some(time))
            });
        }
    }
}

impl Turn {
    /// Gives the line its turn, and asks the kernel to tell of it if it stays.
    pub(crate) fn play(
        &mut self,
        edges: &Edges,
        stage: &dyn Stage,
        workplace: &mut Workplace,
    ) -> Next {
        if self.is_too_much {
            self.line.refuse(&too_much(), workplace);
        }
        let next = self.line.take_turn(self.token, self.news, stage, workplace);
        match self.line.watch(self.token, edges) {
            _ if next == Next::Leave => Next::Leave,
            Ok(()) => next,
            Err(_) => Next::Leave, // The kernel has no memory left for one more.
        }
    }
}

/// The answer to a body for which there is no room.
fn too_much() -> Page {
    Page::text(
        "503 Service Unavailable",
        "503 Service Unavailable: too many bodies at once; try again\n",
    )
    .with_field("Retry-After", "1")
}
// ANCHOR_END: turns

// ANCHOR: time
impl Floor {
    /// Sets an alarm for somebody who is not a line.
    pub(crate) fn set_alarm(&mut self, at: Instant, token: Token) {
        self.deadlines.set(&mut None, at, token);
    }

    /// How long nothing will be due.
    pub(crate) fn quiet_for(&self, now: Instant) -> Option<Duration> {
        let next = self.deadlines.next();
        next.map(|next| next.saturating_duration_since(now))
    }

    /// Calls those whose time is up. Returns the alarms that are not a line's.
    pub(crate) fn time_is_up(&mut self, now: Instant) -> Vec<Token> {
        let mut others = Vec::new();
        let due: Vec<_> = iter::from_fn(|| self.deadlines.due(now)).collect();
        for (time, token) in due {
            if token.is_special() {
                others.push(token);
                continue;
            }
            let Some(seat) = self.seats.get_mut(token) else {
                continue;
            };
            if seat.alarm != Some(time) {
                continue; // An earlier one was set since.
            }
            seat.alarm = None;
            match seat.until {
                Some(until) if until > now => self.deadlines.set(&mut seat.alarm, until, token),
                Some(_) => self.call(token),
                None => {}
            }
        }
        others
    }
}
// ANCHOR_END: time
