//! A WebSocket that is spoken with in sequence: receive, think, send, and again.

// ANCHOR: imports
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use lesson03::Protocol;
use lesson09::close::{INTERNAL_ERROR, NORMAL};
use lesson09::{
    Closed, Message, Session, Socket, SocketHandle, WebSocket, WebSocketApplication,
    WebSocketPlugin,
};

use crate::hub::spawn;
use crate::wait::{wait, waker};
// ANCHOR_END: imports

// ANCHOR: sequential
/// An application whose sockets are talked to by a function that may wait (wsocket's
/// `ws.receive()`). When it returns, the socket is closed.
///
/// ```
/// # use lesson09::{SocketRules, WebSocketPlugin};
/// # let plugin = WebSocketPlugin::without_driver(SocketRules::default());
/// let echo = lesson11::sequential(&plugin, |ws| {
///     while let Some(message) = ws.receive() {
///         if ws.send(&message).is_err() {
///             break;
///         }
///     }
/// });
/// ```
pub fn sequential(
    plugin: &WebSocketPlugin,
    talk: impl Fn(&mut GreenSocket) + Send + Sync + 'static,
) -> WebSocketApplication {
    let (rules, manager) = (Arc::new(plugin.rules().clone()), plugin.manager().clone());
    let talk: Arc<Talk> = Arc::new(talk);
    WebSocketApplication::with_protocol(plugin.rules().clone(), move |_environ| {
        let inbox = Arc::new(Inbox::default());
        let handler = Talks {
            inbox: Arc::clone(&inbox),
            talk: Arc::clone(&talk),
        };
        let session = Session::new(handler, &manager, &rules)?;
        Some(Box::new(Sequential { session, inbox }))
    })
}

type Talk = dyn Fn(&mut GreenSocket) + Send + Sync;

/// A message that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl From<Message<'_>> for Received {
    fn from(message: Message<'_>) -> Received {
        match message {
            Message::Text(text) => Received::Text(text.to_owned()),
            Message::Binary(bytes) => Received::Binary(bytes.to_owned()),
        }
    }
}

impl<'m> From<&'m Received> for Message<'m> {
    fn from(received: &'m Received) -> Message<'m> {
        match received {
            Received::Text(text) => Message::Text(text),
            Received::Binary(bytes) => Message::Binary(bytes),
        }
    }
}

/// A socket in the hands of a function that may wait.
pub struct GreenSocket {
    handle: SocketHandle,
    inbox: Arc<Inbox>,
}

impl GreenSocket {
    /// The next message; `None` when the conversation is over. Meanwhile others have their turn.
    pub fn receive(&mut self) -> Option<Received> {
        self.inbox.wait_until(|inside| match inside.next() {
            Some(message) => Some(Some(message)),
            None => inside.is_over.then_some(None),
        })?
    }

    /// Sends a message, and waits until it is on its way: a client that does not read is not
    /// spoken to any faster.
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Closed> {
        self.inbox.lock().is_sent = false;
        self.handle.send(message)?;
        let sent = self.inbox.wait_until(|inside| match inside.is_sent {
            true => Some(Ok(())),
            false => inside.is_over.then_some(Err(Closed)),
        });
        sent.unwrap_or(Err(Closed))
    }

    /// Ends the conversation, behind what has been sent.
    pub fn close(&mut self, code: u16, reason: &str) {
        self.handle.close(code, reason);
    }

    /// The same socket for others: for a list, for another thread.
    pub fn handle(&self) -> SocketHandle {
        self.handle.clone()
    }
}
// ANCHOR_END: sequential

// ANCHOR: inbox
/// What lies between the greenlet that has the connection and the one that talks. Handlers are
/// `Send`, so this is a lock; it is nobody's but ours, and is never held across a switch.
#[derive(Default)]
struct Inbox {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    messages: VecDeque<Received>,
    /// How many bytes these are.
    bytes: usize,
    /// Whether all that was sent has left the mailbox.
    is_sent: bool,
    /// Whether the conversation is over.
    is_over: bool,
    /// Whether there is somebody who talks.
    has_talker: bool,
    talker: Option<Waker>,
    /// Whoever has the connection.
    connection: Option<Waker>,
}

/// As long as this much waits for the one who talks, nothing more is read from its client.
const ENOUGH: usize = 64 * 1024;

impl Inside {
    fn put(&mut self, message: Received) {
        self.bytes += size(&message);
        self.messages.push_back(message);
    }

    fn next(&mut self) -> Option<Received> {
        let was_full = self.bytes >= ENOUGH;
        let message = self.messages.pop_front()?;
        self.bytes -= size(&message);
        if let Some(connection) = &self.connection
            && was_full
        {
            connection.wake_by_ref(); // There is room again.
        }
        Some(message)
    }
}

fn size(message: &Received) -> usize {
    size_of::<Received>() + Message::from(message).payload().len()
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Each change is whole before anything could panic.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something that the one who talks may be waiting for.
    fn tell(&self, change: impl FnOnce(&mut Inside)) {
        let mut inside = self.lock();
        change(&mut inside);
        if let Some(talker) = &inside.talker {
            talker.wake_by_ref();
        }
    }

    /// Waits until this says something; `None` where nobody can wait.
    fn wait_until<R>(&self, mut ask: impl FnMut(&mut Inside) -> Option<R>) -> Option<R> {
        loop {
            let answer = ask(&mut self.lock());
            if answer.is_some() {
                return answer;
            }
            wait(None).ok()?;
        }
    }
}
// ANCHOR_END: inbox

// ANCHOR: handler
/// The handler: it passes everything on to a greenlet that talks.
struct Talks {
    inbox: Arc<Inbox>,
    talk: Arc<Talk>,
}

impl WebSocket for Talks {
    fn opened(&mut self, socket: &mut Socket<'_>) {
        let (inbox, talk) = (Arc::clone(&self.inbox), Arc::clone(&self.talk));
        let handle = socket.handle();
        inbox.lock().has_talker = true;
        let spawned = spawn(move || {
            inbox.lock().talker = waker().ok();
            let mut socket = GreenSocket { handle, inbox };
            let talked = catch_unwind(AssertUnwindSafe(|| talk(&mut socket)));
            match talked {
                Ok(()) => socket.close(NORMAL, ""),
                Err(_) => socket.close(INTERNAL_ERROR, "we made a mistake"),
            }
            socket.inbox.talker_leaves();
        });
        if spawned.is_err() {
            self.inbox.talker_leaves();
            socket.close(INTERNAL_ERROR, "nobody is there to talk to");
        }
    }

    fn received_message(&mut self, message: Message<'_>, _socket: &mut Socket<'_>) {
        self.inbox.tell(|inside| inside.put(message.into()));
    }

    fn closed(&mut self, _code: u16, _reason: &str) {
        self.inbox.tell(|inside| inside.is_over = true);
    }
}

impl Inbox {
    fn talker_leaves(&self) {
        let mut inside = self.lock();
        inside.has_talker = false;
        inside.talker = None;
        if let Some(connection) = &inside.connection {
            connection.wake_by_ref();
        }
    }
}
// ANCHOR_END: handler

// ANCHOR: protocol
/// The session of lesson 9, which hears nothing new while the one who talks has enough to do.
struct Sequential {
    session: Session,
    inbox: Arc<Inbox>,
}

impl Protocol for Sequential {
    fn name(&self) -> &'static str {
        self.session.name()
    }

    fn open(&mut self, wake: Waker, out: &mut Vec<u8>) {
        self.inbox.lock().connection = Some(wake.clone());
        self.session.open(wake, out);
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> usize {
        let (is_full, has_talker) = {
            let inside = self.inbox.lock();
            (inside.bytes >= ENOUGH, inside.has_talker)
        };
        match is_full && has_talker {
            true => 0,
            false => self.session.receive(bytes, out),
        }
    }

    fn poll(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        let due = self.session.poll(now, out);
        if out.is_empty() && !self.inbox.lock().is_sent {
            self.inbox.tell(|inside| inside.is_sent = true);
        }
        due
    }

    fn is_over(&self) -> bool {
        self.session.is_over()
    }

    fn lost(&mut self) {
        self.session.lost();
    }
}

/// A connection is let go of when the one who talks has heard that it is over, and has returned:
/// so whoever waits for the connections of a server waits for them, too.
impl Drop for Sequential {
    fn drop(&mut self) {
        // A switch in the middle of a panic would take the panic along to the next greenlet.
        if !std::thread::panicking() {
            let left = |inside: &mut Inside| (!inside.has_talker).then_some(());
            self.inbox.wait_until(left);
        }
    }
}
// ANCHOR_END: protocol
