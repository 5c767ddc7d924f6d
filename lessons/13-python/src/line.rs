//! One connection, and how far it can go before somebody would have to wait.
//!
//! This is lesson 10's line once more. What is different is how it hears of its socket: it is told
//! when something *changes*, so it keeps in mind what it has not read yet.

// ANCHOR: imports
use std::io;
use std::mem::replace;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use lesson02::{Ending, Page, Stream};
use lesson03::{Behind, Protocol};
use lesson07::{Conversation, Drawer, House, Papers, Step};
use lesson09::{DriverLimits, Gone, Ready, Scratch, Token, Upgraded, Wish};
use lesson10::{Moved, Pipe};

use crate::edges::{Edges, News};
// ANCHOR_END: imports

// ANCHOR: line
/// A connection.
pub(crate) struct Line {
    talk: Talk,
    /// Whether there may be something to read.
    may_read: bool,
    /// Whether nothing more will come behind it.
    is_last: bool,
    /// What the kernel has been asked to tell of it.
    watched: Watched,
    /// Until when what it waits for must come.
    pub(crate) until: Option<Instant>,
    /// Whether it waits for room to write.
    is_blocked: bool,
    /// How much of a body has been gathered for it.
    pub(crate) gathered: u64,
}

/// Who speaks on a line.
enum Talk {
    Http(Pipe, Conversation),
    /// Everything has been said. What still comes until then is thrown away.
    Farewell(Pipe, Instant),
    /// Another protocol, as in lesson 9.
    Other(Box<Upgraded>),
    /// Nobody, between one and the next.
    Nobody,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Watched {
    Not,
    ToRead,
    ToBoth,
}

/// What comes of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The line can go on at once.
    GoOn,
    /// It waits for its client, or for its application.
    Wait,
    /// It can be closed.
    Leave,
}

/// What a thread works with: the papers on its desk are those of the line that has its turn.
pub(crate) struct Workplace {
    pub(crate) house: Arc<House>,
    pub(crate) papers: Box<Papers>,
    pub(crate) drawer: Drawer,
    /// What the clock said when it was last looked at.
    pub(crate) now: Instant,
    scratch: Scratch,
    limits: DriverLimits,
}

impl Workplace {
    pub(crate) fn new(house: &Arc<House>) -> Workplace {
        let mut drawer = Drawer::new(house.gateway.settings.limits.head_bytes);
        Workplace {
            house: Arc::clone(house),
            papers: drawer.take(),
            drawer,
            now: Instant::now(),
            scratch: Scratch::default(),
            limits: DriverLimits::default(),
        }
    }
}

/// What comes of an application's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Performed {
    /// The line can go on.
    GoOn,
    /// The application is at work, and wakes the line when it has something to show.
    Works,
    /// The application waits for more of its request's body, which must come until then.
    WantsMore(Instant),
}

/// Where applications work: in this turn, or later.
pub(crate) trait Stage: Send + Sync {
    /// The application's turn on this line.
    fn perform(
        &self,
        token: Token,
        pipe: &mut Pipe,
        conversation: &mut Conversation,
        workplace: &mut Workplace,
    ) -> Performed;

    /// The client of this line sends nothing more: it has gone, or is about to.
    fn client_left(&self, _token: Token) {}

    /// This line is no more.
    fn has_left(&self, _token: Token) {}

    /// What was sent in another protocol has left.
    fn has_room(&self, _token: Token) {}

    /// What wakes this line from elsewhere.
    fn waker(&self, token: Token) -> Waker;
}
// ANCHOR_END: line

// ANCHOR: turn
/// So many steps, and then the others have their turn.
const STEPS: usize = 64;

/// What is known of one turn.
struct Turn {
    /// Whether what it waits for should have come by now.
    is_late: bool,
    /// Whether what was asked came in this very turn.
    has_read: bool,
    /// How often something was sent in it.
    sends: usize,
}

impl Line {
    pub(crate) fn new(stream: Box<dyn Stream>, conversation: Conversation, tracing: bool) -> Line {
        Line {
            talk: Talk::Http(Pipe::new(stream, tracing), conversation),
            may_read: true,
            is_last: false,
            watched: Watched::Not,
            until: None,
            is_blocked: false,
            gathered: 0,
        }
    }

    /// Goes as far as it can without waiting, but not for ever.
    pub(crate) fn take_turn(
        &mut self,
        token: Token,
        news: News,
        stage: &dyn Stage,
        workplace: &mut Workplace,
    ) -> Next {
        self.may_read |= news.to_read;
        self.is_last |= news.is_last;
        if matches!(self.talk, Talk::Other(_)) {
            return self.speak(news.to_write, workplace);
        }
        let mut turn = Turn {
            is_late: self.until.is_some_and(|until| workplace.now >= until),
            has_read: false,
            sends: 0,
        };
        if let Talk::Http(_, conversation) = &mut self.talk {
            conversation.lay_out(&mut workplace.papers, &mut workplace.drawer);
        }
        let mut next = Next::GoOn;
        for _ in 0..STEPS {
            next = self.go_on(token, &mut turn, stage, workplace);
            if next != Next::GoOn {
                break;
            }
        }
        self.gathered = 0;
        if let Talk::Http(_, conversation) = &mut self.talk {
            self.gathered = workplace.papers.gathered() as u64;
            conversation.clear_away(&mut workplace.papers, &mut workplace.drawer);
        }
        next
    }

    // ANCHOR: driver
    /// Does the one thing that is needed next.
    fn go_on(
        &mut self,
        token: Token,
        turn: &mut Turn,
        stage: &dyn Stage,
        workplace: &mut Workplace,
    ) -> Next {
        let (house, papers) = (&*workplace.house, &mut *workplace.papers);
        match &mut self.talk {
            Talk::Http(pipe, conversation) => match conversation.step(house, papers, workplace.now)
            {
                Step::Receive(until) => self.receive(until, turn, workplace),
                Step::Send(behind) => self.send(behind, turn, workplace),
                Step::Work => {
                    let performed = stage.perform(token, pipe, conversation, workplace);
                    workplace.now = Instant::now();
                    match performed {
                        Performed::GoOn => Next::GoOn,
                        Performed::Works => self.wait_for_the_application(token, stage),
                        Performed::WantsMore(until) => self.receive(until, turn, workplace),
                    }
                }
                Step::Upgrade(protocol) => self.switch(protocol, token, stage, workplace),
                Step::End(ending) => self.end(ending, turn, workplace),
            },
            Talk::Farewell(pipe, until) => {
                self.until = Some(*until);
                match pipe.drain(papers.desk.input.room()) {
                    Moved::Gone => Next::Leave,
                    _ if workplace.now >= *until => Next::Leave,
                    Moved::Blocked => Next::Wait,
                    Moved::Bytes(_) | Moved::Again => Next::GoOn,
                }
            }
            Talk::Other(_) => self.speak(true, workplace),
            Talk::Nobody => Next::Leave,
        }
    }
    // ANCHOR_END: driver

    /// An application takes its time. Nobody is to blame meanwhile; but it may want to know that
    /// its client has gone.
    fn wait_for_the_application(&mut self, token: Token, stage: &dyn Stage) -> Next {
        self.until = None;
        if self.is_last {
            stage.client_left(token);
        }
        Next::Wait
    }

    /// Goes on with another protocol.
    fn switch(
        &mut self,
        protocol: Box<dyn Protocol>,
        token: Token,
        stage: &dyn Stage,
        workplace: &mut Workplace,
    ) -> Next {
        let Talk::Http(pipe, _) = replace(&mut self.talk, Talk::Nobody) else {
            return Next::Leave;
        };
        let received = workplace.papers.take_received();
        let mut upgraded = Box::new(Upgraded::new(pipe.into_stream(), protocol, received));
        upgraded.open(stage.waker(token));
        self.talk = Talk::Other(upgraded);
        Next::GoOn
    }

    /// Ends the connection as lesson 10 does.
    fn end(&mut self, ending: Ending, turn: &Turn, workplace: &Workplace) -> Next {
        let Talk::Http(mut pipe, _) = replace(&mut self.talk, Talk::Nobody) else {
            return Next::Leave;
        };
        if !pipe.end(ending, turn.has_read && turn.sends <= 1) {
            return Next::Leave;
        }
        let limits = &workplace.house.gateway.settings.limits;
        self.talk = Talk::Farewell(pipe, workplace.now + limits.drain_timeout);
        Next::GoOn
    }
}
// ANCHOR_END: turn

// ANCHOR: moves
impl Line {
    /// Receives what has come.
    fn receive(&mut self, until: Instant, turn: &mut Turn, workplace: &mut Workplace) -> Next {
        let Talk::Http(pipe, conversation) = &mut self.talk else {
            return Next::Leave;
        };
        self.until = Some(until);
        let is_late = workplace.now >= until || turn.is_late && !turn.has_read;
        if !self.may_read && !is_late {
            return Next::Wait;
        }
        let (house, papers) = (&*workplace.house, &mut *workplace.papers);
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
                // A socket that could not fill the room has been emptied, unless its end is there.
                self.may_read = self.is_last || pipe.may_have_more(count, size);
                turn.has_read = true;
                house.stats.bytes_in.add(count as u64);
                papers.desk.input.grow(count);
                conversation.received(count, papers, workplace.now);
            }
            Moved::Blocked if is_late => conversation.timed_out(house, papers),
            Moved::Blocked => self.may_read = false,
            Moved::Gone => conversation.client_left(papers),
        }
        Next::GoOn
    }

    /// Sends what there is room for.
    fn send(&mut self, behind: Behind, turn: &mut Turn, workplace: &mut Workplace) -> Next {
        let Talk::Http(pipe, conversation) = &mut self.talk else {
            return Next::Leave;
        };
        let papers = &mut *workplace.papers;
        let behind = behind.not_at_once_if(turn.sends > 0);
        let limits = &workplace.house.gateway.settings.limits;
        let lost_at = workplace.now + limits.write_timeout;
        let mut patience = self.until.filter(|_| self.is_blocked);
        let moved = pipe.write(papers.unsent(), behind, &mut patience, lost_at);
        self.is_blocked = patience.is_some();
        self.until = patience;
        match moved {
            Moved::Again => {}
            Moved::Bytes(count) => {
                turn.sends += 1;
                turn.is_late = false; // That was for something else.
                papers.sent(count);
            }
            Moved::Blocked if patience.is_some_and(|until| workplace.now < until) => {
                return Next::Wait;
            }
            // It has left, or has taken nothing for too long.
            Moved::Blocked | Moved::Gone => {
                self.is_blocked = false;
                conversation.client_left(papers);
            }
        }
        Next::GoOn
    }

    /// Sees to it that the kernel tells what this line waits for. Nothing is lost if that happened
    /// a moment before: it is told at once.
    pub(crate) fn watch(&mut self, token: Token, edges: &Edges) -> io::Result<()> {
        let wants_room = self.is_blocked();
        let Some(stream) = self.stream() else {
            return Ok(());
        };
        let socket = &**stream.socket();
        let watched = match (self.watched, wants_room) {
            (Watched::Not, wants_room) => {
                edges.watch(socket, token, wants_room)?;
                if wants_room {
                    Watched::ToBoth
                } else {
                    Watched::ToRead
                }
            }
            (Watched::ToRead, true) => {
                edges.watch_room(socket, token)?;
                Watched::ToBoth
            }
            (watched, _) => watched,
        };
        self.watched = watched;
        Ok(())
    }

    fn stream(&self) -> Option<&dyn Stream> {
        match &self.talk {
            Talk::Http(pipe, _) | Talk::Farewell(pipe, _) => Some(pipe.stream()),
            Talk::Other(upgraded) => Some(upgraded.stream()),
            Talk::Nobody => None,
        }
    }

    /// Whether its client takes less than it is sent.
    pub(crate) fn is_blocked(&self) -> bool {
        match &self.talk {
            Talk::Other(upgraded) => upgraded.wish() == Wish::ToWrite,
            _ => self.is_blocked,
        }
    }

    /// Whether it has switched to another protocol.
    pub(crate) fn speaks_other(&self) -> bool {
        matches!(self.talk, Talk::Other(_))
    }

    /// Whether it gathers a body for an application that has not been called yet.
    pub(crate) fn is_gathering(&self) -> bool {
        matches!(&self.talk, Talk::Http(_, conversation) if conversation.is_gathering())
    }

    /// Answers with a page in place of the application, and closes behind it.
    pub(crate) fn refuse(&mut self, page: &Page, workplace: &mut Workplace) {
        if let Talk::Http(_, conversation) = &mut self.talk {
            let (papers, drawer) = (&mut workplace.papers, &mut workplace.drawer);
            conversation.lay_out(papers, drawer);
            conversation.refuse(page, Ending::Drain, &workplace.house, papers);
            conversation.clear_away(papers, drawer);
            self.gathered = 0;
        }
    }

    /// The connection has gone.
    pub(crate) fn lost(&mut self) {
        if let Talk::Other(upgraded) = &mut self.talk {
            upgraded.lost();
        }
    }
}

impl Line {
    /// Gives another protocol its turn.
    fn speak(&mut self, to_write: bool, workplace: &mut Workplace) -> Next {
        let Talk::Other(upgraded) = &mut self.talk else {
            return Next::Leave;
        };
        let ready = Ready {
            to_read: self.may_read,
            to_write,
        };
        let Workplace {
            now,
            limits,
            scratch,
            ..
        } = workplace;
        let spoken = upgraded.turn(ready, *now, limits, scratch);
        self.until = upgraded.next_turn();
        match spoken {
            Ok(()) if upgraded.has_more() => Next::GoOn,
            Ok(()) if upgraded.wish() == Wish::ToRead => {
                // It has read what there was. Is the end there, one more read finds it.
                self.may_read = self.is_last;
                if self.is_last { Next::GoOn } else { Next::Wait }
            }
            Ok(()) => Next::Wait,
            Err(Gone) => Next::Leave,
        }
    }
}
// ANCHOR_END: moves
