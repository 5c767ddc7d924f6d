//! One thread and many clients: the conversations of lesson 7, and a loop that waits for all of
//! them at once.
//!
//! `cargo run -p lesson07 --example one_thread`
//!
//! No client waits for another one here, however silent, slow or deaf it is. But all of them wait
//! for an application that takes its time: ask for `/sleep?ms=5000`, and meanwhile for `/`.
//! Lesson 10 begins where this ends.

#![forbid(unsafe_code)]

// ANCHOR: imports
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lesson01::recover;
use lesson02::{Ending, LIMIT_SETTINGS, SERVER_SETTINGS, trace};
use lesson03::{GATEWAY_SETTINGS, Options, PACE_SETTINGS, Registry, Transport};
use lesson05::{Ended, let_nobody_in, stop_bell};
use lesson07::{Conversation, Drawer, House, Papers, RULE_SETTINGS, Rules, Step};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{SockRef, Socket};
use terminal::{Program, UsageError, ready, say};
// ANCHOR_END: imports

const PROGRAM: Program = Program {
    name: "one_thread",
    about: "One thread for all clients: lesson 7's conversations on poll.",
    operand: Some((
        "MODULE:CALLABLE",
        "the application (default demo:application)",
    )),
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
        &RULE_SETTINGS,
    ],
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let app = flags.operand().unwrap_or("demo:application");
        let app = Registry::demo().find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let rules = Rules {
            whole_bodies: true, // Nobody may wait inside of an application.
            ..flags.read(RULE_SETTINGS)?
        };
        let stop = Arc::new(stop_bell()?);
        let (listener, address, gateway) = options.listen(flags.text("addr"))?;
        listener.set_nonblocking(true)?;
        ready(PROGRAM.name, address);
        ended = serve(&House::new(gateway, app, rules, stop), listener);
        say("stopped");
        Ok(())
    });
    match ended {
        Ended::Clean => code,
        Ended::Forced => ExitCode::FAILURE,
    }
}

// ANCHOR: serve
/// Serves everybody, until it is told to stop and all have gone.
fn serve(house: &House, listener: Socket) -> Ended {
    let mut drawer = Drawer::new(house.gateway.settings.limits.head_bytes);
    let mut desk = drawer.take();
    let mut lines: Vec<Line> = Vec::new();
    let (mut listener, mut end) = (Some(listener), None);
    while listener.is_some() || !lines.is_empty() {
        let mut ready = wait(house, listener.as_ref(), &lines, end).into_iter();
        let now = Instant::now();
        lines.retain_mut(|line| {
            let is_ready = ready.next().unwrap_or(false) || line.wish.left(now).is_zero();
            !is_ready || line.take_turn(house, &mut desk, &mut drawer)
        });
        if let Some(listener) = &listener {
            accept(listener, house, &mut lines);
        }
        match (house.stop.rings(), end) {
            (0, None) => {}
            (0, Some(end)) if now < end => {}
            (1, None) => {
                if let Some(listener) = listener.take() {
                    let_nobody_in(&listener);
                    accept(&listener, house, &mut lines);
                }
                say(format_args!("stopping; connections: {}", lines.len()));
                end = Some(now + house.rules.stop_timeout);
                // Each of them may have less time now.
                lines.iter_mut().for_each(|line| line.wish = Wish::GoOn);
            }
            _ => {
                lines.iter().for_each(Line::reset_on_close);
                return Ended::Forced;
            }
        }
    }
    Ended::Clean
}

/// Waits until something happens, or somebody's time is up. Tells on which lines it happened.
fn wait(house: &House, door: Option<&Socket>, lines: &[Line], end: Option<Instant>) -> Vec<bool> {
    let now = Instant::now();
    let left = lines.iter().map(|line| line.wish.left(now));
    let left = left.chain(end.map(|end| end.saturating_duration_since(now)));
    let at_most = left.min().and_then(|left| Timespec::try_from(left).ok());
    let sockets = lines
        .iter()
        .map(|line| PollFd::new(&line.stream, line.wish.event()));
    let stop = PollFd::new(&*house.stop, PollFlags::IN);
    let door = door.map(|door| PollFd::new(door, PollFlags::IN));
    let mut all: Vec<PollFd> = sockets.chain([stop]).chain(door).collect();
    // An error (EINTR, mostly) is a reason to look around again.
    let _ = poll(&mut all, at_most.as_ref());
    all.iter().map(|one| !one.revents().is_empty()).collect()
}

/// Takes in the clients at the door.
fn accept(listener: &Socket, house: &House, lines: &mut Vec<Line>) {
    // The kernel holds one client more than the backlog says.
    for _ in 0..=house.gateway.settings.backlog {
        match listener.accept() {
            Ok((client, peer)) => lines.extend(Line::new(client, peer.as_socket(), house)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) => recover(&error),
        }
    }
}
// ANCHOR_END: serve

// ANCHOR: line
/// A connection, and what it waits for.
struct Line {
    stream: TcpStream,
    conversation: Conversation,
    wish: Wish,
    /// Until when a client that takes nothing must take something.
    patience: Option<Instant>,
    /// Until when a client that has been told everything may stay.
    farewell: Option<Instant>,
}

/// What a line wishes for.
enum Wish {
    /// To go on, once the others have had their turn.
    GoOn,
    /// To read, but not later than this.
    ToRead(Instant),
    /// To write, but not later than this.
    ToWrite(Instant),
    /// To be closed.
    ToLeave,
}

impl Wish {
    fn event(&self) -> PollFlags {
        match self {
            Wish::ToRead(_) => PollFlags::IN,
            Wish::ToWrite(_) => PollFlags::OUT,
            Wish::GoOn | Wish::ToLeave => PollFlags::empty(),
        }
    }

    fn left(&self, now: Instant) -> Duration {
        match self {
            Wish::ToRead(until) | Wish::ToWrite(until) => until.saturating_duration_since(now),
            Wish::GoOn | Wish::ToLeave => Duration::ZERO,
        }
    }
}

impl Line {
    fn new(client: Socket, peer: Option<SocketAddr>, house: &House) -> Option<Line> {
        client.set_nonblocking(true).ok()?;
        Some(Line {
            stream: client.into(),
            conversation: Conversation::new(peer?, Instant::now(), house),
            wish: Wish::GoOn,
            patience: None,
            farewell: None,
        })
    }

    /// Goes on with the conversation, on the desk that all of them share. Tells whether the line
    /// stays.
    fn take_turn(&mut self, house: &House, desk: &mut Box<Papers>, drawer: &mut Drawer) -> bool {
        self.conversation.lay_out(desk, drawer);
        self.wish = self.go_on(house, desk);
        self.conversation.clear_away(desk, drawer);
        !matches!(self.wish, Wish::ToLeave)
    }
}
// ANCHOR_END: line

// ANCHOR: go_on
impl Line {
    /// Does what the conversation needs, one thing after the other, up to where somebody would
    /// have to wait.
    fn go_on(&mut self, house: &House, papers: &mut Papers) -> Wish {
        const A_TURN: usize = 64; // So many steps, and then the others have theirs.
        for _ in 0..A_TURN {
            let now = Instant::now();
            if let Some(farewell) = self.farewell {
                return self.drain(farewell, now);
            }
            let wish = match self.conversation.step(house, papers, now) {
                Step::Receive(deadline) => self.receive(deadline, house, papers, now),
                Step::Send(_) => self.send(house, papers, now),
                Step::Work => {
                    let transport = None::<&mut dyn Transport>; // Nobody may wait.
                    self.conversation.work(house, papers, transport);
                    Wish::GoOn
                }
                Step::End(ending) => self.end(ending, house, now),
                Step::Upgrade(_) => Wish::ToLeave, // Not without somebody to take over.
            };
            if !matches!(wish, Wish::GoOn) {
                return wish;
            }
        }
        Wish::GoOn
    }

    fn receive(
        &mut self,
        deadline: Instant,
        house: &House,
        papers: &mut Papers,
        now: Instant,
    ) -> Wish {
        let room = papers.desk.input.room();
        match self.stream.read(room) {
            Ok(0) => self.conversation.input_ended(house, papers),
            Ok(count) => {
                if house.gateway.settings.trace {
                    trace('<', &room[..count]);
                }
                papers.desk.input.grow(count);
                self.conversation.received(count, papers, now);
            }
            Err(error) if error.kind() != ErrorKind::WouldBlock => {
                self.conversation.client_left(papers);
            }
            Err(_) if now < deadline => return Wish::ToRead(deadline),
            Err(_) => self.conversation.timed_out(house, papers),
        }
        Wish::GoOn
    }

    fn send(&mut self, house: &House, papers: &mut Papers, now: Instant) -> Wish {
        match self.stream.write(papers.unsent()) {
            Ok(count) => {
                if house.gateway.settings.trace {
                    trace('>', &papers.unsent()[..count]);
                }
                papers.sent(count);
                self.patience = None;
            }
            Err(error) => {
                let patience = now + house.gateway.settings.limits.write_timeout;
                let until = *self.patience.get_or_insert(patience);
                if error.kind() == ErrorKind::WouldBlock && now < until {
                    return Wish::ToWrite(until);
                }
                self.conversation.client_left(papers);
            }
        }
        Wish::GoOn
    }
}
// ANCHOR_END: go_on

// ANCHOR: end
impl Line {
    /// Ends the connection as lesson 2 does, but without waiting.
    fn end(&mut self, ending: Ending, house: &House, now: Instant) -> Wish {
        match ending {
            Ending::Reset => {
                self.reset_on_close();
                Wish::ToLeave
            }
            // Nothing unread is there that would turn the close into a reset.
            Ending::Clean if !matches!(self.stream.peek(&mut [0]), Ok(1..)) => Wish::ToLeave,
            Ending::Clean | Ending::Drain => match self.stream.shutdown(Shutdown::Write) {
                Ok(()) => {
                    self.farewell = Some(now + house.gateway.settings.limits.drain_timeout);
                    Wish::GoOn
                }
                Err(_) => Wish::ToLeave, // The client was faster.
            },
        }
    }

    /// Throws away what the client still sends, until it leaves.
    fn drain(&mut self, farewell: Instant, now: Instant) -> Wish {
        match self.stream.read(&mut [0; 8 * 1024]) {
            Ok(0) => Wish::ToLeave,
            Err(error) if error.kind() != ErrorKind::WouldBlock => Wish::ToLeave,
            _ if now < farewell => Wish::ToRead(farewell),
            _ => Wish::ToLeave,
        }
    }

    fn reset_on_close(&self) {
        // If the option cannot be set, the close is a plain one; nothing else to do.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }
}
// ANCHOR_END: end
