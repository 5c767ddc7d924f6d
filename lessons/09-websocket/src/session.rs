//! A session: the protocol between the frames and the handler. It has no socket and no clock.
//!
//! ```text
//!  new ─► Open ── we end it ──► Closing ── its close comes, or too late ──► Over
//!          │                                                                 ▲
//!          ├─ a close comes: answered with the same ─────────────────────────┤
//!          ├─ a rule is broken, the handler panics, no pong: we say why ─────┤
//!          └─ the connection is lost ────────────────────────────────────────┘
//! ```

// ANCHOR: imports
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use lesson03::Protocol;

use crate::close::{ABNORMAL, INTERNAL_ERROR, NO_STATUS, TRY_AGAIN_LATER, Violation, may_be_sent};
use crate::frame::{MOST_CONTROL, Opcode, encode};
use crate::handler::{Socket, WebSocket};
use crate::mailbox::{Mail, Mailbox, SocketHandle};
use crate::manager::{Place, WebSocketManager};
use crate::message::{Found, Reader};
use crate::rules::SocketRules;
// ANCHOR_END: imports

// ANCHOR: session
/// One conversation over WebSocket.
pub struct Session {
    reader: Reader,
    talk: Talk,
}

/// Everything but the reader: what was found in its bytes is said to the rest.
struct Talk {
    handler: Box<dyn WebSocket>,
    mailbox: Arc<Mailbox>,
    /// Where the manager keeps the socket, until the handler has heard of its end.
    place: Option<Place>,
    number: u64,
    rules: Arc<SocketRules>,
    state: State,
    pulse: Pulse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// We have said that we want to end it, and wait for the client to say so too, until then.
    Closing(Option<Instant>),
    Over,
}

/// As long as this much waits to be sent, nothing more is read and no mailbox is emptied: who
/// does not read is not read. This is no reason to drop anybody.
const ROOM: usize = 64 * 1024;

impl Session {
    /// A conversation with this handler, if the manager has a place for it.
    pub fn new(
        handler: impl WebSocket + 'static,
        manager: &WebSocketManager,
        rules: &Arc<SocketRules>,
    ) -> Option<Session> {
        let place = manager.reserve()?;
        Some(Session {
            reader: Reader::new(rules.max_message),
            talk: Talk {
                handler: Box::new(handler),
                mailbox: Arc::new(Mailbox::new(rules.mailbox)),
                number: place.number(),
                place: Some(place),
                rules: Arc::clone(rules),
                state: State::Open,
                pulse: Pulse::default(),
            },
        })
    }
}

impl Protocol for Session {
    fn name(&self) -> &'static str {
        "websocket"
    }

    fn open(&mut self, wake: Waker, out: &mut Vec<u8>) {
        self.talk.mailbox.open(wake);
        let handle = SocketHandle {
            mailbox: Arc::clone(&self.talk.mailbox),
            number: self.talk.number,
        };
        if let Some(place) = &self.talk.place {
            place.take(handle);
        }
        self.talk
            .tell(out, |handler, socket| handler.opened(socket));
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> usize {
        self.talk.pulse.has_heard = true;
        let mut used = 0;
        while self.talk.may_hear(out) {
            match self.reader.next(&mut bytes[used..]) {
                Ok((_, Found::TooLittle)) => break,
                Ok((count, found)) => {
                    used += count;
                    self.talk.found(found, out);
                }
                Err(violation) => self.talk.fail(violation.code(), violation.reason(), out),
            }
        }
        self.reader.let_go();
        match self.talk.state {
            State::Over => bytes.len(), // What comes behind the end is not looked at (§5.5.1).
            _ => used,
        }
    }

    fn poll(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        self.talk.poll(now, out)
    }

    fn is_over(&self) -> bool {
        self.talk.state == State::Over
    }

    fn lost(&mut self) {
        self.talk.closed(ABNORMAL, "");
    }
}
// ANCHOR_END: session

// ANCHOR: talk
impl Talk {
    /// Whether more of what the client has sent is looked at now.
    fn may_hear(&self, out: &[u8]) -> bool {
        let is_within_pace = self
            .rules
            .pace
            .is_none_or(|most| self.pulse.messages < most);
        self.state != State::Over && out.len() < ROOM && is_within_pace
    }

    fn found(&mut self, found: Found<'_>, out: &mut Vec<u8>) {
        match found {
            Found::Close(close) => self.client_closes(close, out),
            Found::Ping(_) | Found::Pong(_) if self.pulse.is_flooded() => {
                self.fail(Violation::Flood.code(), Violation::Flood.reason(), out);
            }
            // After our close we send nothing, and what still comes has been sent too late.
            _ if self.state != State::Open => {}
            Found::Message(message) => {
                self.pulse.messages += 1;
                self.tell(out, |handler, socket| {
                    handler.received_message(message, socket)
                });
            }
            Found::Ping(data) => encode(Opcode::Pong, data, out),
            Found::Pong(data) => self.tell(out, |handler, socket| handler.ponged(data, socket)),
            Found::Piece | Found::TooLittle => {}
        }
    }

    /// Calls the handler. A panic in it ends this conversation, and no other.
    fn tell(&mut self, out: &mut Vec<u8>, call: impl FnOnce(&mut dyn WebSocket, &mut Socket<'_>)) {
        let mut end = None;
        let mut socket = Socket {
            out: &mut *out,
            mailbox: &self.mailbox,
            number: self.number,
            end: &mut end,
        };
        let handler = &mut *self.handler;
        let called = catch_unwind(AssertUnwindSafe(|| call(handler, &mut socket)));
        match (called, end) {
            (Err(_), _) => self.fail(INTERNAL_ERROR, "we made a mistake", out),
            (Ok(()), Some((code, reason))) => self.end(code, &reason, out),
            (Ok(()), None) => {}
        }
    }

    /// The client ends it, or agrees that we do. It gets the number that it sent, and if it sent
    /// none it gets none (RFC 6455 §5.5.1).
    fn client_closes(&mut self, close: Option<(u16, &str)>, out: &mut Vec<u8>) {
        let (code, reason) = close.unwrap_or((NO_STATUS, ""));
        if self.state == State::Open {
            say_close(code, reason, out);
        }
        self.closed(code, reason);
    }

    /// We end it, and wait for the client to agree.
    fn end(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) {
        if self.state == State::Open {
            self.mailbox.take_letters(out);
            say_close(code, reason, out);
            self.mailbox.close();
            self.state = State::Closing(None);
        }
    }

    /// We end it and wait for nothing: there is nobody any more who could be understood.
    fn fail(&mut self, code: u16, reason: &str, out: &mut Vec<u8>) {
        if self.state == State::Open {
            say_close(code, reason, out);
        }
        self.closed(code, reason);
    }

    /// It is over, and the handler hears of it, once.
    fn closed(&mut self, code: u16, reason: &str) {
        self.state = State::Over;
        self.mailbox.close();
        // Its place is free when it has heard of it, and not before.
        if let Some(_place) = self.place.take() {
            let _ = catch_unwind(AssertUnwindSafe(|| self.handler.closed(code, reason)));
        }
    }
}

/// A server that lets go of a session without a word has lost its connection.
impl Drop for Talk {
    fn drop(&mut self) {
        self.closed(ABNORMAL, "");
    }
}

/// Writes a close frame. Numbers that must not be sent, such as 1005, are not (§7.4.1).
fn say_close(code: u16, reason: &str, out: &mut Vec<u8>) {
    let mut payload = Vec::new();
    if may_be_sent(code) {
        payload.extend(code.to_be_bytes());
        let end = reason.floor_char_boundary(MOST_CONTROL as usize - 2);
        payload.extend_from_slice(&reason.as_bytes()[..end]);
    }
    encode(Opcode::Close, &payload, out);
}
// ANCHOR_END: talk

// ANCHOR: pulse
/// When the client was last heard of, and how much it has said lately.
#[derive(Debug, Default)]
struct Pulse {
    /// Whether something has come since the last look at the time.
    has_heard: bool,
    heard: Option<Instant>,
    /// When we asked whether it is there.
    asked: Option<Instant>,
    /// Since when the two below are counted.
    second: Option<Instant>,
    pings: u32,
    messages: u32,
}

/// Pings and pongs in one second, and then it is a flood.
const MOST_PINGS: u32 = 1000;

impl Pulse {
    fn is_flooded(&mut self) -> bool {
        self.pings += 1;
        self.pings > MOST_PINGS
    }

    /// Looks at the time. Says when the client was last heard of, and when the second is over.
    fn look(&mut self, now: Instant) -> (Instant, Instant) {
        if std::mem::take(&mut self.has_heard) || self.heard.is_none() {
            self.heard = Some(now);
            self.asked = None;
        }
        let over = *self.second.get_or_insert(now) + Duration::from_secs(1);
        if now >= over {
            self.second = Some(now);
            (self.pings, self.messages) = (0, 0);
        }
        (self.heard.unwrap_or(now), over)
    }
}

impl Talk {
    fn poll(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        let (heard, second_is_over) = self.pulse.look(now);
        if self.state == State::Open {
            match self.mailbox.empty(out, ROOM) {
                Mail::Empty | Mail::More => {}
                // It takes too little to be waited for.
                Mail::End(TRY_AGAIN_LATER, reason) => self.fail(TRY_AGAIN_LATER, &reason, out),
                Mail::End(code, reason) => self.end(code, &reason, out),
            }
        }
        match self.state {
            State::Over => None,
            State::Closing(until) => {
                let until = until.unwrap_or(now + self.rules.patience);
                self.state = State::Closing(Some(until));
                if now >= until {
                    self.closed(ABNORMAL, "");
                }
                Some(until)
            }
            State::Open => {
                let is_waiting = self
                    .rules
                    .pace
                    .is_some_and(|most| self.pulse.messages >= most);
                let heart = self.beat(now, heard, out);
                match is_waiting {
                    true => Some(heart.map_or(second_is_over, |heart| heart.min(second_is_over))),
                    false => heart,
                }
            }
        }
    }

    /// Asks a client that has been quiet for long whether it is there (RFC 6455 §5.5.2). A
    /// machine that was switched off says nothing, and neither does the network.
    fn beat(&mut self, now: Instant, heard: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        if self.rules.ping.is_zero() {
            return None;
        }
        let quiet_since = *self.pulse.asked.get_or_insert(heard);
        let is_asked = quiet_since > heard;
        let patience = if is_asked {
            self.rules.patience
        } else {
            self.rules.ping
        };
        let due = quiet_since + patience;
        match (now >= due, is_asked) {
            (false, _) => Some(due),
            (true, false) => {
                encode(Opcode::Ping, b"", out);
                self.pulse.asked = Some(now);
                Some(now + self.rules.patience)
            }
            (true, true) => {
                self.fail(INTERNAL_ERROR, "no answer to a ping", out);
                None
            }
        }
    }
}
// ANCHOR_END: pulse
