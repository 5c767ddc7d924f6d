//! One connection, and how far it can go before somebody would have to wait.
//!
//! ```text
//! take_turn   go_on, until it says something else than "go on", or 64 times
//! go_on       conversation.step ──┬─ Receive: read once; nothing there? wait for it
//!                                 ├─ Send: write once; no room? wait for it
//!                                 ├─ Work: the application, here or in the kitchen
//!                                 ├─ Upgrade: the line is spoken in another protocol now
//!                                 └─ End: close, or say farewell first
//! ```

// ANCHOR: imports
use std::mem::replace;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson02::{Ending, Page, Stream};
use lesson03::{Behind, Protocol, Transport};
use lesson07::{Conversation, Drawer, House, Papers, Step};
use lesson09::{Alarm, DriverLimits, Gone, Ready, Scratch, Token, Upgraded, Wish};

use crate::calls::{Away, Call, Calls, waker};
use crate::pipe::{Moved, Pipe};
// ANCHOR_END: imports

// ANCHOR: line
/// A connection.
pub(crate) struct Line {
    talk: Talk,
    /// What the poller has been told to wait for.
    pub(crate) wish: Wish,
    /// Until when that must happen.
    pub(crate) until: Option<Instant>,
    /// The alarm that is set for it.
    pub(crate) alarm: Alarm,
    /// How much of a body has been gathered, as the floor knows. The sum of all has a limit.
    pub(crate) gathered: u32,
    /// Whether there may be something to read, of which the poller will not tell.
    has_more: bool,
}

/// Who speaks on a line.
enum Talk {
    Http(Pipe, Conversation),
    /// Its conversation is in the kitchen.
    Away(Pipe),
    /// Everything has been said. What still comes until then is thrown away, or the close would be
    /// a reset.
    Farewell(Pipe, Instant),
    /// Another protocol, as in lesson 9.
    Other(Box<Upgraded>),
    /// Nobody, between one and the next.
    Nobody,
}

/// What comes of a turn.
pub(crate) enum Next {
    /// The line can go on at once.
    GoOn,
    /// It waits for this, at most until then.
    Wait(Wish, Option<Instant>),
    /// It is the application's turn, and that is not here.
    Order(Box<Away>),
    /// It can be closed.
    Leave,
}

/// What all lines of a loop share.
pub(crate) struct Shared {
    pub(crate) house: Arc<House>,
    /// The papers on the desk: those of the line that has its turn, and blank in between.
    pub(crate) papers: Box<Papers>,
    pub(crate) drawer: Drawer,
    pub(crate) calls: Arc<Calls<Call>>,
    /// Whether the application works somewhere else.
    pub(crate) has_kitchen: bool,
    /// What the clock said after the last sleep, or after an application that took its time. It is
    /// read no more often than that: a read for each line would cost more than it tells.
    pub(crate) now: Instant,
    /// For other protocols.
    pub(crate) scratch: Scratch,
    pub(crate) limits: DriverLimits,
}

/// What is known of one turn.
struct Turn {
    /// How many steps are left of it.
    steps: usize,
    /// Whether there may be something to read.
    may_read: bool,
    /// Whether what it waits for should have come by now. A house that closes has little patience,
    /// and would find some more each time it is asked.
    is_late: bool,
    /// Whether what was asked came in this very turn.
    has_read: bool,
    /// How often something was sent in it.
    sends: usize,
    /// Until when a client that blocks us must go on, and from when on that is counted.
    patience: Option<Instant>,
}

impl Line {
    pub(crate) fn new(stream: Box<dyn Stream>, conversation: Conversation, tracing: bool) -> Line {
        Line {
            talk: Talk::Http(Pipe::new(stream, tracing), conversation),
            wish: Wish::Nothing,
            until: None,
            alarm: None,
            gathered: 0,
            has_more: false,
        }
    }

    /// The stream below, if it is not closed.
    pub(crate) fn stream(&self) -> Option<&dyn Stream> {
        match &self.talk {
            Talk::Http(pipe, _) | Talk::Away(pipe) | Talk::Farewell(pipe, _) => Some(pipe.stream()),
            Talk::Other(upgraded) => Some(upgraded.stream()),
            Talk::Nobody => None,
        }
    }

    /// Whether it gathers a body for an application that has not been called yet.
    pub(crate) fn is_gathering(&self) -> bool {
        matches!(&self.talk, Talk::Http(_, conversation) if conversation.is_gathering())
    }

    /// Answers with a page in place of the application, and closes behind it.
    pub(crate) fn refuse(&mut self, page: &Page, shared: &mut Shared) {
        if let Talk::Http(_, conversation) = &mut self.talk {
            let (papers, drawer) = (&mut shared.papers, &mut shared.drawer);
            conversation.lay_out(papers, drawer);
            conversation.refuse(page, Ending::Drain, &shared.house, papers);
            conversation.clear_away(papers, drawer);
            self.gathered = 0;
        }
    }

    /// The conversation is back from the kitchen.
    pub(crate) fn take_back(&mut self, away: Away, shared: &mut Shared) {
        let Away {
            mut conversation,
            papers,
        } = away;
        let blank = replace(&mut shared.papers, papers);
        shared.drawer.put(blank);
        conversation.clear_away(&mut shared.papers, &mut shared.drawer);
        self.talk = match replace(&mut self.talk, Talk::Nobody) {
            Talk::Away(pipe) => Talk::Http(pipe, conversation),
            other => other,
        };
    }

    /// The connection has gone.
    pub(crate) fn lost(&mut self) {
        if let Talk::Other(upgraded) = &mut self.talk {
            upgraded.lost();
        }
    }
}
// ANCHOR_END: line

// ANCHOR: turn
/// So many steps, and then the others have their turn.
const STEPS: usize = 64;

/// An application that takes longer than this has used its turn up. What it has made is sent, and
/// if that was all, the connection is closed: the others wait long enough without that.
const LONG: Duration = Duration::from_millis(5);

/// The steps that this takes.
const SEND_AND_END: usize = 2;

impl Line {
    /// Goes as far as it can without waiting, but not for ever: [`Next::GoOn`] asks for another
    /// turn.
    pub(crate) fn take_turn(&mut self, token: Token, ready: Ready, shared: &mut Shared) -> Next {
        if let Talk::Other(upgraded) = &mut self.talk {
            return speak(upgraded, ready, shared);
        }
        let is_late = self.until.is_some_and(|until| shared.now >= until);
        let mut turn = Turn {
            steps: STEPS,
            // In time or not, what has come is read: its client is not to blame for our delay.
            may_read: ready.to_read || self.has_more || is_late,
            is_late,
            has_read: false,
            sends: 0,
            patience: self.until.filter(|_| self.wish == Wish::ToWrite),
        };
        if let Talk::Http(_, conversation) = &mut self.talk {
            conversation.lay_out(&mut shared.papers, &mut shared.drawer);
        }
        let mut next = Next::GoOn;
        while matches!(next, Next::GoOn) && turn.steps > 0 {
            turn.steps -= 1;
            next = self.go_on(token, &mut turn, shared);
        }
        self.has_more = turn.may_read;
        match &mut self.talk {
            Talk::Http(_, conversation) => {
                self.gathered = shared.papers.gathered() as u32;
                conversation.clear_away(&mut shared.papers, &mut shared.drawer);
            }
            Talk::Away(_) => {} // It has taken along what it has gathered.
            Talk::Farewell(..) | Talk::Other(_) | Talk::Nobody => self.gathered = 0,
        }
        next
    }

    // ANCHOR: driver
    /// Does the one thing that is needed next.
    fn go_on(&mut self, token: Token, turn: &mut Turn, shared: &mut Shared) -> Next {
        let (house, papers) = (&*shared.house, &mut *shared.papers);
        match &mut self.talk {
            Talk::Http(pipe, conversation) => match conversation.step(house, papers, shared.now) {
                Step::Receive(until) => receive(conversation, pipe, until, turn, shared),
                Step::Send(behind) => send(conversation, pipe, behind, turn, shared),
                Step::Work if shared.has_kitchen => self.order(shared),
                Step::Work => {
                    conversation.work(house, papers, None::<&mut dyn Transport>);
                    let before = std::mem::replace(&mut shared.now, Instant::now());
                    if shared.now > before + LONG {
                        turn.steps = turn.steps.min(SEND_AND_END);
                    }
                    Next::GoOn
                }
                Step::Upgrade(protocol) => self.switch(protocol, token, shared),
                Step::End(ending) => self.end(ending, turn, shared),
            },
            Talk::Farewell(pipe, until) => match pipe.drain(papers.desk.input.room()) {
                Moved::Gone => Next::Leave,
                _ if shared.now >= *until => Next::Leave,
                Moved::Blocked => Next::Wait(Wish::ToRead, Some(*until)),
                Moved::Bytes(_) | Moved::Again => Next::GoOn,
            },
            Talk::Other(upgraded) => speak(upgraded, Ready::NOT, shared),
            Talk::Away(_) => Next::Wait(Wish::Nothing, None),
            Talk::Nobody => Next::Leave,
        }
    }
    // ANCHOR_END: driver

    /// Sends the conversation to the kitchen, and its papers along.
    fn order(&mut self, shared: &mut Shared) -> Next {
        let Talk::Http(pipe, conversation) = replace(&mut self.talk, Talk::Nobody) else {
            return Next::Leave;
        };
        self.talk = Talk::Away(pipe);
        self.gathered = shared.papers.gathered() as u32;
        Next::Order(Box::new(Away {
            conversation,
            papers: replace(&mut shared.papers, shared.drawer.take()),
        }))
    }

    /// Goes on with another protocol: on this loop, where its client is known already.
    fn switch(&mut self, protocol: Box<dyn Protocol>, token: Token, shared: &mut Shared) -> Next {
        let Talk::Http(pipe, _) = replace(&mut self.talk, Talk::Nobody) else {
            return Next::Leave;
        };
        let received = shared.papers.take_received();
        let mut upgraded = Box::new(Upgraded::new(pipe.into_stream(), protocol, received));
        upgraded.open(waker(&shared.calls, token));
        let next = speak(&mut upgraded, Ready::TO_BOTH, shared);
        self.talk = Talk::Other(upgraded);
        next
    }

    /// Ends the connection as lesson 2 does, but without waiting.
    fn end(&mut self, ending: Ending, turn: &Turn, shared: &Shared) -> Next {
        let Talk::Http(mut pipe, _) = replace(&mut self.talk, Talk::Nobody) else {
            return Next::Leave;
        };
        if !pipe.end(ending, turn.has_read && turn.sends <= 1) {
            return Next::Leave;
        }
        let until = shared.now + shared.house.gateway.settings.limits.drain_timeout;
        self.talk = Talk::Farewell(pipe, until);
        Next::GoOn
    }
}
// ANCHOR_END: turn

// ANCHOR: moves
/// Receives what has come.
fn receive(
    conversation: &mut Conversation,
    pipe: &mut Pipe,
    until: Instant,
    turn: &mut Turn,
    shared: &mut Shared,
) -> Next {
    if !turn.may_read {
        return Next::Wait(Wish::ToRead, Some(until));
    }
    let (house, papers) = (&*shared.house, &mut *shared.papers);
    let room = papers.desk.input.room();
    let size = room.len();
    let moved = pipe.read(room);
    if let Some(session) = pipe.session() {
        conversation.secured(session);
    }
    match moved {
        Moved::Again => {}
        Moved::Bytes(0) => conversation.input_ended(house, papers),
        Moved::Bytes(count) => {
            turn.may_read = pipe.may_have_more(count, size);
            turn.has_read = true;
            house.stats.bytes_in.add(count as u64);
            papers.desk.input.grow(count);
            conversation.received(count, papers, shared.now);
        }
        Moved::Blocked if shared.now >= until || turn.is_late && !turn.has_read => {
            conversation.timed_out(house, papers)
        }
        Moved::Blocked => turn.may_read = false,
        Moved::Gone => conversation.client_left(papers),
    }
    Next::GoOn
}

/// Sends what there is room for.
fn send(
    conversation: &mut Conversation,
    pipe: &mut Pipe,
    behind: Behind,
    turn: &mut Turn,
    shared: &mut Shared,
) -> Next {
    let papers = &mut *shared.papers;
    // What is held back for an end that comes in another turn comes as late as that.
    let behind = behind.not_at_once_if(turn.sends > 0 || turn.steps == 0);
    let lost_at = shared.now + shared.house.gateway.settings.limits.write_timeout;
    match pipe.write(papers.unsent(), behind, &mut turn.patience, lost_at) {
        Moved::Again => {}
        Moved::Bytes(count) => {
            turn.sends += 1;
            papers.sent(count);
        }
        Moved::Blocked if turn.patience.is_some_and(|until| shared.now < until) => {
            return Next::Wait(Wish::ToWrite, turn.patience);
        }
        // It has left, or has taken nothing for too long.
        Moved::Blocked | Moved::Gone => conversation.client_left(papers),
    }
    Next::GoOn
}

/// Gives another protocol its turn.
fn speak(upgraded: &mut Upgraded, ready: Ready, shared: &mut Shared) -> Next {
    match upgraded.turn(ready, shared.now, &shared.limits, &mut shared.scratch) {
        Ok(()) if upgraded.has_more() => Next::GoOn,
        Ok(()) => Next::Wait(upgraded.wish(), upgraded.next_turn()),
        Err(Gone) => Next::Leave,
    }
}
// ANCHOR_END: moves
