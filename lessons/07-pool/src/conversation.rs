//! A conversation with one client: any number of requests, and nobody who waits.
//!
//! It never touches a socket and never looks at a clock. [`Conversation::step`] says what it
//! needs next; whoever drives it does that, and tells it what came of it.
//!
//! ```text
//!   new ──► Quiet ───── has left, or said nothing in time ─────┐
//!           ▲ │ a first byte                                   │
//!           │ ▼                                                │
//!           │ Head ───┬─ fault, end, too late ─► Refusal       │
//!           │ │ whole │                           │            │
//!           │ ▼       │                           │ page sent  │
//!           │ (Body) ─┘                           │            │
//!           │ │ whole                             │            │
//!           │ ▼                                   │            │
//!           │ Call                                │            │
//!           │ │ called                            │            │
//!           │ ▼                                   │            │
//!           │ Answer ◄─► one piece                │            │
//!           │ │ all made                          │            │
//!           │ ▼                                   ▼            │
//!           │ Last ──┬─ sent, and it closes ────► Over ◄───────┘
//!           │ │      └─ sent: a 101 ──► Upgrade   ▲
//!           │ │ sent, and it stays                │
//!           │ ▼                                   │
//!           │ Skip ── fault, end, too late ───────┘
//!           │ │
//!           └─┘ nothing unread is left: the next request
//! ```
//!
//! In `Quiet`, `Head`, `Body` and `Skip` it waits for bytes ([`Step::Receive`]); in `Call` and
//! `Answer` it is the application's turn ([`Step::Work`]), and it may want more of its body meanwhile
//! ([`Conversation::take_in`]). Wherever something waits to be sent
//! ([`Step::Send`]), it neither reads nor makes more before that has left. What there is nothing to
//! wait for is passed at once: a head that comes in one piece leads from `Quiet` to `Call`, and a
//! request that was read to its end from `Last` through `Skip` to `Quiet`.
//!
//! A client that is gone ([`Conversation::client_left`]) ends it from anywhere: an answer on its way
//! goes to `Last` and ends in a reset, and everything else is `Over`.

// ANCHOR: imports
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use lesson02::{Ending, Fault, Page, Scanner, Session};
use lesson03::{Behind, Blame, Environ, GO, Outcome, Protocol, Transport, Visit};

use crate::framed::Framed;
use crate::house::House;
use crate::papers::{Drawer, Papers};
use crate::persistence::{Next, Persistent};
// ANCHOR_END: imports

// ANCHOR: conversation
/// One client's conversation with the house.
pub struct Conversation {
    state: State,
    peer: SocketAddr,
    session: Option<Arc<Session>>,
    /// Until when what it waits for must come.
    deadline: Instant,
    answered: usize,
    /// What it took along when it had to wait in the middle of something.
    papers: Option<Box<Papers>>,
}

/// What a conversation needs next.
pub enum Step {
    /// Bytes from the client, put into the desk's input; but not later than this.
    Receive(Instant),
    /// That [`Papers::unsent`] is sent, behind which this comes.
    Send(Behind),
    /// [`Conversation::work`]: the application's turn.
    Work,
    /// That somebody else takes over. What the client has sent so far lies in the input.
    Upgrade(Box<dyn Protocol>),
    /// To be closed like this.
    End(Ending),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing of a request has come.
    Quiet,
    /// A head is on its way.
    Head,
    /// A body is being gathered, in houses where applications may not wait for it.
    Body,
    /// The application is to be called.
    Call,
    /// It has answered, and there is more to be made of that.
    Answer,
    /// All of the answer has been made.
    Last,
    /// A page in place of an answer, and how to close behind it.
    Refusal(Ending),
    /// What nobody has read of a body is on its way.
    Skip,
    /// Nothing more will be said.
    Over(Ending),
}

impl Conversation {
    /// A conversation with a client that was `accepted` at that moment.
    pub fn new(peer: SocketAddr, accepted: Instant, house: &House) -> Conversation {
        Conversation {
            state: State::Quiet,
            peer,
            session: None,
            deadline: accepted + house.gateway.settings.limits.head_timeout,
            answered: 0,
            papers: None,
        }
    }

    /// The connection turned out to be a secured one.
    pub fn secured(&mut self, session: &Arc<Session>) {
        self.session.get_or_insert_with(|| Arc::clone(session));
    }

    /// Whether it gathers a body, or has it and has not called the application yet.
    pub fn is_gathering(&self) -> bool {
        matches!(self.state, State::Body | State::Call)
    }

    /// Whether it only waits for another request, and could end without anybody's loss.
    pub fn is_resting(&self) -> bool {
        self.state == State::Quiet
    }
}
// ANCHOR_END: conversation

// ANCHOR: step
impl Conversation {
    /// Goes as far as it can without waiting, and says what it needs next.
    pub fn step(&mut self, house: &House, papers: &mut Papers, now: Instant) -> Step {
        loop {
            if !papers.unsent().is_empty() {
                return Step::Send(papers.behind());
            }
            match self.state {
                State::Quiet | State::Head => match self.look_for_a_head(house, papers, now) {
                    Ok(true) => self.begin(house, papers),
                    Ok(false) => return Step::Receive(self.be_patient(house, now)),
                    Err(fault) => self.refuse(&fault.into(), fault.ending(), house, papers),
                },
                State::Body => {
                    if let Some(deadline) = self.gather(house, papers, now) {
                        return Step::Receive(deadline);
                    }
                }
                State::Call | State::Answer => return Step::Work,
                State::Last => {
                    if let Some(protocol) = self.conclude(house, papers, now) {
                        return Step::Upgrade(protocol);
                    }
                }
                State::Skip => {
                    if let Some(deadline) = self.skip(house, papers, now) {
                        return Step::Receive(deadline);
                    }
                }
                State::Refusal(ending) => self.state = State::Over(ending),
                State::Over(ending) => {
                    papers.wipe();
                    return Step::End(ending);
                }
            }
        }
    }

    /// Whether a head is whole. Its time begins with its first byte; the time of the first one
    /// began when the client was accepted.
    fn look_for_a_head(
        &mut self,
        house: &House,
        papers: &mut Papers,
        now: Instant,
    ) -> Result<bool, Fault> {
        let limits = &house.gateway.settings.limits;
        let Papers { desk, scanner, .. } = papers;
        let received = desk.input.received();
        if let Some(extent) = scanner.scan(received, limits)? {
            desk.head.parse_into(received, extent, limits)?;
            desk.head.suits(self.session.is_some())?;
            return Ok(true);
        }
        if self.state == State::Quiet && scanner.has_begun() {
            self.state = State::Head;
            if self.answered > 0 {
                self.deadline = now + limits.head_timeout;
            }
        }
        Ok(false)
    }

    /// Until when the next bytes of a head must come. A server that stops has little patience with
    /// clients that have asked for nothing.
    fn be_patient(&self, house: &House, now: Instant) -> Instant {
        match self.is_resting() {
            true => house.patience(self.deadline, now),
            false => self.deadline,
        }
    }

    /// Begins an exchange.
    fn begin(&mut self, house: &House, papers: &mut Papers) {
        let desk = &mut papers.desk;
        let may_stay = self.answered + 1 < house.rules.requests_per_connection;
        let may_upgrade = desk.head.wishes().upgrade && house.can_upgrade();
        let wire = Persistent::new(&desk.head, may_stay, may_upgrade);
        let limit = house.gateway.settings.limits.body_bytes;
        let framed = Framed::new(desk.head.framing(), limit);
        let exchange = house.gateway.exchange(framed, wire, desk);
        let exchange = papers.exchange.insert(exchange);
        self.state = State::Call;
        if house.rules.whole_bodies && !exchange.intake.is_over() {
            self.state = State::Body;
            if exchange.intake.take_go() {
                desk.output.extend_from_slice(GO);
            }
        }
    }
}
// ANCHOR_END: step

// ANCHOR: work
impl Conversation {
    /// The application's turn: it is called, or makes one more piece of what it has answered.
    /// With a `transport` it may wait for its client; without one its request has been gathered,
    /// and what it writes is sent later.
    pub fn work<T: Transport + ?Sized>(
        &mut self,
        house: &House,
        papers: &mut Papers,
        transport: Option<&mut T>,
    ) {
        let visit = Visit {
            deployment: &house.gateway.deployment,
            peer: self.peer,
            session: self.session.as_deref(),
            policy: house,
        };
        let is_new = self.state == State::Call;
        if let Some(exchange) = &mut papers.exchange
            && is_new
        {
            let app = house.app_for(papers.desk.head.request(papers.desk.input.received()));
            exchange.call(&*app, &visit, &mut papers.desk, transport);
            self.state = State::Answer;
        }
        // What an application has written itself is sent before it is asked for more.
        let may_go_on = papers.unsent().is_empty();
        if let Some(exchange) = &mut papers.exchange {
            if may_go_on && !exchange.answer.is_made() {
                exchange.advance(&visit, &mut papers.desk);
            }
            if exchange.answer.is_made() {
                self.state = State::Last;
            }
        }
    }

    /// Shows somebody the request that the application is about to be called with; `None` if that
    /// is not what comes next. What is read of its body here is not there any more when it is.
    pub fn show<R>(
        &self,
        house: &House,
        papers: &mut Papers,
        look: impl FnOnce(&mut Environ<'_>) -> R,
    ) -> Option<R> {
        let visit = Visit {
            deployment: &house.gateway.deployment,
            peer: self.peer,
            session: self.session.as_deref(),
            policy: house,
        };
        match &mut papers.exchange {
            Some(exchange) if self.state == State::Call => {
                Some(exchange.show(&visit, &mut papers.desk, look))
            }
            _ => None,
        }
    }
}
// ANCHOR_END: work

// ANCHOR: take_in
/// What has come of a body since somebody looked last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether they are the last.
    pub is_last: bool,
}

/// For an application that is called before its request has come in full, and is given the body as
/// it comes. While it is its turn, whoever drives may receive more in between.
impl Conversation {
    /// Takes what has come of the body. `None`: the client has got it wrong, or has kept us waiting.
    /// It is told so if nothing of an answer has left; the application will not be asked any more.
    pub fn take_in(&mut self, house: &House, papers: &mut Papers) -> Option<Arrived> {
        let desk = &mut papers.desk;
        let exchange = papers.exchange.as_mut()?;
        if exchange.intake.is_over() {
            return Some(Arrived {
                bytes: Vec::new(),
                is_last: true,
            });
        }
        let (_, mut rest) = desk.input.split(desk.head.end());
        match exchange.intake.gather(&mut rest) {
            Ok(is_last) => Some(Arrived {
                bytes: exchange.intake.take_gathered(),
                is_last,
            }),
            Err(_) if exchange.answer.draft().is_committed() => {
                self.client_left(papers);
                None
            }
            Err(page) => {
                self.refuse(&page, Ending::Drain, house, papers);
                None
            }
        }
    }

    /// The application waits for more of the body: says until when it must come. `None`: something
    /// is to be sent before, a `100 Continue`.
    pub fn want_more(&mut self, papers: &mut Papers, now: Instant) -> Option<Instant> {
        let exchange = papers.exchange.as_mut()?;
        // Behind the head of an answer it would be a part of that (RFC 9110 §10.1.1).
        if exchange.intake.take_go() && !exchange.answer.draft().is_begun() {
            papers.desk.output.extend_from_slice(GO);
            return None;
        }
        Some(exchange.intake.deadline(now))
    }
}
// ANCHOR_END: take_in

// ANCHOR: conclude
impl Conversation {
    /// Everything of an answer has been sent: what now?
    fn conclude(
        &mut self,
        house: &House,
        papers: &mut Papers,
        now: Instant,
    ) -> Option<Box<dyn Protocol>> {
        let exchange = papers.exchange.as_mut()?;
        let protocol = exchange.answer.take_protocol();
        let outcome = exchange.conclude(&papers.desk);
        let stays = outcome.is_whole && exchange.answer.draft().wire().next() == Next::KeepAlive;
        let is_read = exchange.intake.is_over();
        self.note(&outcome, house, papers);
        match stays {
            _ if protocol.is_some() => self.leave_behind(house, papers, now),
            true if is_read => self.leave_behind(house, papers, now),
            true => self.state = State::Skip,
            false => self.state = State::Over(outcome.ending),
        }
        protocol
    }

    /// Lets go of a request that has been answered. What came behind it is the next one.
    fn leave_behind(&mut self, house: &House, papers: &mut Papers, now: Instant) {
        let Papers { desk, exchange, .. } = papers;
        let body = exchange
            .as_ref()
            .map_or(0, |exchange| exchange.intake.end());
        desk.input.use_up(desk.head.end() + body);
        papers.exchange = None;
        papers.scanner = Scanner::default();
        self.answered += 1;
        self.deadline = now + house.rules.timeout;
        self.state = State::Quiet;
    }

    /// Reads what nobody has read of a body. Says until when more must come. It is not much, and is
    /// known to end: the connection would not have stayed otherwise.
    fn skip(&mut self, house: &House, papers: &mut Papers, now: Instant) -> Option<Instant> {
        let desk = &mut papers.desk;
        let exchange = papers.exchange.as_mut()?;
        let (_, mut rest) = desk.input.split(desk.head.end());
        match exchange.intake.skip(&mut rest) {
            Ok(true) => {
                self.leave_behind(house, papers, now);
                None
            }
            Ok(false) => Some(exchange.intake.deadline(now)),
            Err(_) => {
                self.state = State::Over(Ending::Drain);
                None
            }
        }
    }

    /// Takes in what has come of a body. Says until when more must come.
    fn gather(&mut self, house: &House, papers: &mut Papers, now: Instant) -> Option<Instant> {
        let desk = &mut papers.desk;
        let exchange = papers.exchange.as_mut()?;
        let (_, mut rest) = desk.input.split(desk.head.end());
        match exchange.intake.gather(&mut rest) {
            Ok(true) => self.state = State::Call,
            Ok(false) => return Some(exchange.intake.deadline(now)),
            Err(page) => self.refuse(&page, Ending::Drain, house, papers),
        }
        None
    }

    /// Answers with a page, and closes behind it. The application hears nothing of this request.
    pub fn refuse(&mut self, page: &Page, ending: Ending, house: &House, papers: &mut Papers) {
        papers.exchange = None;
        papers.sent(papers.unsent().len());
        let outcome = house.gateway.refuse(page, ending, &mut papers.desk);
        self.note(&outcome, house, papers);
        self.state = State::Refusal(ending);
    }

    /// Notes how a request was answered.
    fn note(&self, outcome: &Outcome, house: &House, papers: &mut Papers) {
        house.gateway.log(outcome, self.peer, &mut papers.desk);
        house.stats.requests.add(1);
        house.stats.kept_alive.add(u64::from(self.answered > 0));
        house.stats.bytes_out.add(outcome.body_bytes);
        papers.answered += 1;
    }
}
// ANCHOR_END: conclude

// ANCHOR: events
impl Conversation {
    /// So many bytes have come, and lie in the input.
    pub fn received(&mut self, count: usize, papers: &mut Papers, now: Instant) {
        if let Some(exchange) = &mut papers.exchange {
            exchange.intake.came(count, now);
        }
    }

    /// The client sends nothing more.
    pub fn input_ended(&mut self, house: &House, papers: &mut Papers) {
        self.nothing_comes(Fault::Incomplete, Blame::Ended, house, papers);
    }

    /// Nothing has come in time.
    pub fn timed_out(&mut self, house: &House, papers: &mut Papers) {
        self.nothing_comes(Fault::HeadTimeout, Blame::Slow, house, papers);
    }

    fn nothing_comes(&mut self, fault: Fault, blame: Blame, house: &House, papers: &mut Papers) {
        match (self.state, &mut papers.exchange) {
            (State::Head, _) => self.refuse(&fault.into(), fault.ending(), house, papers),
            (State::Body, Some(exchange)) => {
                let page = exchange.intake.accuse(blame);
                self.refuse(&page, Ending::Drain, house, papers);
            }
            (State::Skip, _) => self.state = State::Over(Ending::Drain),
            // Whoever takes the body in hears of it.
            (State::Call | State::Answer, Some(exchange)) => {
                exchange.intake.accuse(blame);
            }
            _ => self.state = State::Over(Ending::Clean), // Nothing was asked.
        }
    }

    /// The client has gone, or takes nothing any more. What waits to be sent never will be.
    pub fn client_left(&mut self, papers: &mut Papers) {
        let unsent = papers.unsent().len();
        match (self.state, &mut papers.exchange) {
            (State::Answer | State::Last, Some(exchange)) => {
                // What it has of the answer must not look like all of it.
                exchange.answer.abandon(unsent as u64);
                self.state = State::Last;
            }
            _ => self.state = State::Over(Ending::Clean),
        }
        papers.sent(unsent);
    }
}
// ANCHOR_END: events

// ANCHOR: papers
impl Conversation {
    /// Lays the conversation's own papers on the desk, if it has taken some along.
    pub fn lay_out(&mut self, desk: &mut Box<Papers>, drawer: &mut Drawer) {
        if let Some(papers) = self.papers.take() {
            drawer.put(std::mem::replace(desk, papers));
        }
    }

    /// Takes the papers from the desk along, if there is anything on them.
    pub fn clear_away(&mut self, desk: &mut Box<Papers>, drawer: &mut Drawer) {
        if !desk.are_blank() {
            self.papers = Some(std::mem::replace(desk, drawer.take()));
        }
    }
}
// ANCHOR_END: papers
