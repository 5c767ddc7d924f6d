//! All the lines of a loop, and what each of them waits for.
//!
//! Three things wake a line: the poller, its alarm, and a call from another thread. All three end
//! in [`Floor::serve`], which gives the line one turn and notes what it waits for now.

// ANCHOR: imports
use std::collections::VecDeque;
use std::io;
use std::iter;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson02::{Page, Stream};
use lesson07::{Conversation, Drawer, House};
use lesson09::{Deadlines, DriverLimits, Places, Poller, Ready, Scratch, Token, Wish};
use terminal::say;

use crate::calls::{Away, Call, Calls};
use crate::kitchen::Kitchen;
use crate::line::{Line, Next, Shared};
use crate::settings::LoopSettings;
// ANCHOR_END: imports

// ANCHOR: floor
/// The floor of the house on which all guests sit, and its one waiter.
pub(crate) struct Floor {
    pub(crate) poller: Poller,
    lines: Places<Line>,
    deadlines: Deadlines,
    /// Those who could go on, and let the others go first.
    again: VecDeque<Token>,
    shared: Shared,
    kitchen: Option<Kitchen>,
    settings: LoopSettings,
    /// How much has been gathered, of all bodies together.
    gathered: u64,
}

/// The token of the calls from other threads.
pub(crate) const CALLS: Token = Token::special(0);

impl Floor {
    pub(crate) fn new(house: &Arc<House>, settings: LoopSettings) -> io::Result<Floor> {
        let calls = Calls::new()?;
        let kitchen = match settings.workers {
            0 => None,
            workers => Some(Kitchen::new(workers, settings.connections, house, &calls)?),
        };
        let mut drawer = Drawer::new(house.gateway.settings.limits.head_bytes);
        let floor = Floor {
            poller: Poller::new()?,
            lines: Places::default(),
            deadlines: Deadlines::default(),
            again: VecDeque::new(),
            shared: Shared {
                house: Arc::clone(house),
                papers: drawer.take(),
                drawer,
                calls,
                has_kitchen: kitchen.is_some(),
                now: Instant::now(),
                scratch: Scratch::default(),
                limits: DriverLimits::default(),
            },
            kitchen,
            settings,
            gathered: 0,
        };
        floor.watch(&*floor.shared.calls, CALLS)?;
        Ok(floor)
    }

    /// Waits for something that stays to be read, from now on.
    pub(crate) fn watch(&self, what: impl AsFd, token: Token) -> io::Result<()> {
        self.poller.change(what, token, Wish::Nothing, Wish::ToRead)
    }

    /// How many guests there are.
    pub(crate) fn count(&self) -> usize {
        self.lines.count()
    }

    /// Whether another one can be let in.
    pub(crate) fn has_room(&self) -> bool {
        self.count() < self.settings.connections
    }

    /// What the clock said when the loop last looked at it.
    pub(crate) fn now(&self) -> Instant {
        self.shared.now
    }

    /// Sleeps until something happens, or somebody's time is up; not at all if somebody could go
    /// on.
    pub(crate) fn sleep(&mut self) -> io::Result<()> {
        let until = match self.again.is_empty() {
            true => self.deadlines.next(),
            false => Some(Instant::now()),
        };
        let at_most = until.map(|until| until.saturating_duration_since(Instant::now()));
        self.poller.wait(at_most)?;
        self.shared.now = Instant::now();
        Ok(())
    }

    /// Sets an alarm for somebody who is not a line.
    pub(crate) fn set_alarm(&mut self, after: Duration, token: Token) {
        self.deadlines
            .set(&mut None, self.shared.now + after, token);
    }
}
// ANCHOR_END: floor

// ANCHOR: serve
impl Floor {
    /// Gives a client a place, and its first turn: what it asks for is often here already, and
    /// then it is answered and gone before the poller has heard of it.
    pub(crate) fn seat(&mut self, stream: Box<dyn Stream>, conversation: Conversation) {
        let tracing = self.shared.house.gateway.settings.trace;
        let line = Line::new(stream, conversation, tracing);
        let token = self.lines.seat(line);
        self.serve(token, Ready::TO_BOTH);
    }

    /// Gives a line its turn, if it is still there, and does what it asks for.
    pub(crate) fn serve(&mut self, token: Token, ready: Ready) {
        let Some(line) = self.lines.get_mut(token) else {
            return; // News of somebody who has left.
        };
        let before = line.gathered;
        let shared = &mut self.shared;
        let turn = AssertUnwindSafe(|| line.take_turn(token, ready, shared));
        // An application's panic ends in the gateway. Any other one ends this connection, and not
        // the loop.
        let Ok(next) = catch_unwind(turn) else {
            say("a panic ends its connection, and no other");
            self.shared.papers = self.shared.drawer.take();
            return self.leave(token);
        };
        self.gathered = self.gathered + u64::from(line.gathered) - u64::from(before);
        match next {
            next if self.is_too_much(token, &next) => self.refuse(token, next),
            Next::Wait(wish, until) => self.wait(token, wish, until),
            Next::GoOn => self.again.push_back(token),
            Next::Order(away) => self.order(token, away),
            Next::Leave => self.leave(token),
        }
    }

    /// Whether all bodies together have become too large, and this line is still gathering one.
    fn is_too_much(&mut self, token: Token, next: &Next) -> bool {
        if self.gathered <= self.settings.gathered_bytes {
            return false;
        }
        match (next, self.lines.get_mut(token)) {
            (Next::Order(away), _) => away.conversation.is_gathering(),
            (_, Some(line)) => line.is_gathering(),
            (_, None) => false,
        }
    }

    /// Refuses a body, even if it is whole and about to leave for the kitchen.
    fn refuse(&mut self, token: Token, next: Next) {
        if let Some(line) = self.lines.get_mut(token) {
            self.gathered -= u64::from(line.gathered);
            if let Next::Order(away) = next {
                line.take_back(*away, &mut self.shared);
            }
            line.refuse(&too_much(), &mut self.shared);
            self.again.push_back(token);
        }
    }

    /// Hands a conversation over to the kitchen. Its socket is watched for nothing meanwhile.
    fn order(&mut self, token: Token, away: Box<Away>) {
        self.wait(token, Wish::Nothing, None);
        match &self.kitchen {
            Some(kitchen) if kitchen.takes(token, away) => {}
            _ => self.leave(token),
        }
    }

    /// Notes what a line waits for. The kernel is told only of changes.
    fn wait(&mut self, token: Token, wish: Wish, until: Option<Instant>) {
        let Some(line) = self.lines.get_mut(token) else {
            return;
        };
        let before = std::mem::replace(&mut line.wish, wish);
        line.until = until;
        if let Some(until) = until {
            self.deadlines.set(&mut line.alarm, until, token);
            self.forget_those_who_left();
        }
        let Some(line) = self.lines.get_mut(token) else {
            return;
        };
        let Some(stream) = line.stream() else {
            return self.leave(token);
        };
        let socket = &**stream.socket();
        if self.poller.change(socket, token, before, wish).is_err() {
            self.leave(token); // The kernel has no memory left for one more.
        }
    }

    /// Lets a client go. To close its socket takes it off the kernel's list.
    fn leave(&mut self, token: Token) {
        let Some(mut line) = self.lines.leave(token) else {
            return;
        };
        self.gathered -= u64::from(line.gathered);
        let farewell = AssertUnwindSafe(move || {
            line.lost();
            drop(line); // What a handler does in its `Drop` may panic as well.
        });
        let _ = catch_unwind(farewell);
    }

    /// A client that has left leaves its alarm behind. Once there are many of those they are
    /// looked for, so that memory follows the number of clients and not the number of visits.
    fn forget_those_who_left(&mut self) {
        if self.deadlines.count() > 1024 + 4 * self.lines.count() {
            let lines = &mut self.lines;
            self.deadlines.retain(|time, token| {
                token.is_special()
                    || lines
                        .get_mut(token)
                        .is_some_and(|line| line.alarm == Some(time))
            });
        }
    }
}
// ANCHOR_END: serve

// ANCHOR: rounds
impl Floor {
    /// Those who were not done in their last turn have another one.
    pub(crate) fn go_round_again(&mut self) {
        for _ in 0..self.again.len() {
            if let Some(token) = self.again.pop_front() {
                self.serve(token, Ready::TO_READ);
            }
        }
    }

    /// Those whose time is up have a turn. Returns the alarms that are not a line's.
    pub(crate) fn time_is_up(&mut self) -> Vec<Token> {
        let now = self.now();
        let mut others = Vec::new();
        // Taken out first: one that is due again at once must not keep the others waiting.
        let due: Vec<_> = iter::from_fn(|| self.deadlines.due(now)).collect();
        for (time, token) in due {
            if token.is_special() {
                others.push(token);
                continue;
            }
            let Some(line) = self.lines.get_mut(token) else {
                continue;
            };
            if line.alarm != Some(time) {
                continue; // An earlier one was set since.
            }
            line.alarm = None;
            match line.until {
                Some(until) if until > now => {
                    self.deadlines.set(&mut line.alarm, until, token);
                }
                Some(_) => self.serve(token, Ready::NOT),
                None => {}
            }
        }
        others
    }

    /// Other threads have something to tell.
    pub(crate) fn take_calls(&mut self) {
        for call in self.shared.calls.take() {
            match call {
                Call::Wake(token) => self.serve(token, Ready::NOT),
                Call::Back(token, None) => self.leave(token),
                Call::Back(token, Some(away)) => {
                    if let Some(line) = self.lines.get_mut(token) {
                        line.take_back(*away, &mut self.shared);
                        self.serve(token, Ready::NOT);
                    }
                }
            }
        }
    }

    /// Everybody has a turn: what they waited for may have changed.
    pub(crate) fn ask_everybody(&mut self) {
        let all: Vec<Token> = self.lines.tokens().collect();
        for token in all {
            self.serve(token, Ready::NOT);
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
// ANCHOR_END: rounds

#[cfg(test)]
mod tests {
    use super::*;
    use lesson03::{AppError, Bell, Body, Environ, Options, StartResponse, application};
    use lesson07::Rules;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    /// A floor whose application sleeps for a moment and forgets what it is told.
    fn floor() -> (Floor, Arc<House>) {
        let app = application(|_: &mut Environ, start_response: StartResponse| {
            std::thread::sleep(Duration::from_millis(20));
            start_response.begin("204 No Content", &[])?;
            Ok::<Body, AppError>(Body::Empty)
        });
        let mut options = Options::default();
        options.settings.quiet = true;
        let (_, _, gateway) = options.listen("127.0.0.1:0").unwrap();
        let rules = Rules {
            whole_bodies: true,
            ..Rules::default()
        };
        let stop = Arc::new(Bell::new().unwrap());
        let house = Arc::new(House::new(gateway, Arc::new(app), rules, stop));
        let floor = Floor::new(&house, LoopSettings::default()).unwrap();
        (floor, house)
    }

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap().0;
        server.set_nonblocking(true).unwrap();
        (client, server)
    }

    /// Gives a connection a place, and tells its name.
    fn seat(floor: &mut Floor, house: &House, server: TcpStream) -> Token {
        let peer = server.peer_addr().unwrap();
        let conversation = Conversation::new(peer, floor.now(), house);
        let before: Vec<Token> = floor.lines.tokens().collect();
        floor.seat(house.stream(server), conversation);
        let mut after = floor.lines.tokens();
        after.find(|token| !before.contains(token)).unwrap()
    }

    #[test]
    fn news_of_somebody_who_has_left_reaches_nobody() {
        let (mut floor, house) = floor();
        let ((_first, server), (mut second, other)) = (pair(), pair());
        let gone = seat(&mut floor, &house, server);
        floor.leave(gone);
        let here = seat(&mut floor, &house, other);
        second.write_all(b"GET").unwrap();
        floor.serve(gone, Ready::TO_BOTH);
        floor.wait(gone, Wish::ToWrite, None);
        assert_eq!(floor.count(), 1);
        assert_eq!(floor.lines.get_mut(here).unwrap().wish, Wish::ToRead);
    }

    #[test]
    fn memory_follows_the_number_of_clients_and_not_the_number_of_visits() {
        let (mut floor, house) = floor();
        for _ in 0..3000 {
            let (_client, server) = pair();
            let visitor = seat(&mut floor, &house, server);
            floor.leave(visitor);
        }
        assert_eq!(floor.count(), 0);
        assert!(floor.deadlines.count() < 2000);
    }

    #[test]
    fn an_application_that_takes_its_time_moves_the_clock_of_the_loop_on() {
        let (mut floor, house) = floor();
        let (mut client, server) = pair();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let before = floor.now();
        let line = seat(&mut floor, &house, server);
        floor.go_round_again();
        assert!(floor.now() >= before + Duration::from_millis(20));
        let until = floor.lines.get_mut(line).unwrap().until.unwrap();
        assert!(until >= floor.now() + Rules::default().timeout - Duration::from_millis(20));
    }

    #[test]
    fn an_answer_that_took_its_time_leaves_in_its_turn_and_the_end_with_it() {
        let (mut floor, house) = floor();
        let (mut client, server) = pair();
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .unwrap();
        let conversation = Conversation::new(server.peer_addr().unwrap(), floor.now(), &house);
        floor.seat(house.stream(server), conversation);
        assert_eq!(floor.count(), 0);
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    }

    #[test]
    fn what_was_gathered_for_a_client_is_given_back_when_it_leaves() {
        let (mut floor, house) = floor();
        let (mut client, server) = pair();
        let head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";
        client.write_all(&[&head[..], b"12345"].concat()).unwrap();
        let line = seat(&mut floor, &house, server);
        assert_eq!(floor.gathered, 5);
        floor.leave(line);
        assert_eq!((floor.gathered, floor.count()), (0, 0));
    }
}
