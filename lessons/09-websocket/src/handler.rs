//! The application's side of a socket: what it is told, and what it can say.

// ANCHOR: imports
use std::sync::Arc;

use crate::close::may_be_sent;
use crate::frame::{MOST_CONTROL, Opcode, encode};
use crate::mailbox::{Closed, Mailbox, SocketHandle};
use crate::message::Message;
// ANCHOR_END: imports

// ANCHOR: websocket
/// What becomes of a conversation. One value of this type is made for each socket, so what it
/// remembers belongs to one client. The names are those of ws4py.
///
/// It is called by the thread that drives all sockets, so it must not wait.
pub trait WebSocket: Send {
    /// The conversation begins.
    fn opened(&mut self, _socket: &mut Socket<'_>) {}

    /// The client has said something.
    fn received_message(&mut self, message: Message<'_>, socket: &mut Socket<'_>);

    /// The client has answered a ping, or sends a pong without having been asked.
    fn ponged(&mut self, _data: &[u8], _socket: &mut Socket<'_>) {}

    /// The conversation is over. This is called once, however it ended: with the number that the
    /// client gave, 1005 if it gave none, the number that we gave if the fault was found here, and
    /// 1006 if the connection has gone without a word.
    fn closed(&mut self, _code: u16, _reason: &str) {}
}

impl WebSocket for Box<dyn WebSocket> {
    fn opened(&mut self, socket: &mut Socket<'_>) {
        (**self).opened(socket);
    }

    fn received_message(&mut self, message: Message<'_>, socket: &mut Socket<'_>) {
        (**self).received_message(message, socket);
    }

    fn ponged(&mut self, data: &[u8], socket: &mut Socket<'_>) {
        (**self).ponged(data, socket);
    }

    fn closed(&mut self, code: u16, reason: &str) {
        (**self).closed(code, reason);
    }
}

/// Sends every message back.
#[derive(Clone, Copy, Debug, Default)]
pub struct EchoWebSocket;

impl WebSocket for EchoWebSocket {
    fn received_message(&mut self, message: Message<'_>, socket: &mut Socket<'_>) {
        // Should it be closed by now, nobody is there who would miss it.
        let _ = socket.send(message);
    }
}
// ANCHOR_END: websocket

// ANCHOR: socket
/// The socket, in the hands of its handler.
pub struct Socket<'s> {
    pub(crate) out: &'s mut Vec<u8>,
    pub(crate) mailbox: &'s Arc<Mailbox>,
    pub(crate) number: u64,
    /// The end that the handler asks for.
    pub(crate) end: &'s mut Option<(u16, String)>,
}

impl Socket<'_> {
    /// Sends a message: it is on its way when the handler returns.
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Closed> {
        let message = message.into();
        self.write(message.opcode(), message.payload())
    }

    /// Asks whether the client is there. It answers with the same bytes, at most 125 of them.
    pub fn ping(&mut self, data: &[u8]) -> Result<(), Closed> {
        let data = &data[..data.len().min(MOST_CONTROL as usize)];
        self.write(Opcode::Ping, data)
    }

    fn write(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Closed> {
        if self.end.is_some() {
            return Err(Closed);
        }
        // What the handler has posted to itself before comes first.
        self.mailbox.take_letters(self.out);
        encode(opcode, payload, self.out);
        Ok(())
    }

    /// Ends the conversation, behind what has been sent.
    pub fn close(&mut self, code: u16, reason: &str) {
        debug_assert!(may_be_sent(code), "{code} is the name of something else");
        if self.end.is_none() {
            *self.end = Some((code, reason.to_owned()));
        }
    }

    /// The same socket for others: for a list, for another thread.
    pub fn handle(&self) -> SocketHandle {
        SocketHandle {
            mailbox: Arc::clone(self.mailbox),
            number: self.number,
        }
    }
}
// ANCHOR_END: socket

// ANCHOR: events
type OnConnect = Box<dyn Fn(&mut Socket<'_>) + Send + Sync>;
type OnMessage = Box<dyn Fn(Message<'_>, &mut Socket<'_>) + Send + Sync>;
type OnClose = Box<dyn Fn(u16, &str) + Send + Sync>;

/// A handler put together from closures: the events of wsocket. Each may be given several times,
/// as `+=` does there, and they are called in that order.
#[derive(Default)]
pub struct Events {
    onconnect: Vec<OnConnect>,
    onmessage: Vec<OnMessage>,
    onclose: Vec<OnClose>,
}

impl Events {
    /// No events yet.
    pub fn new() -> Events {
        Events::default()
    }

    /// When a conversation begins.
    pub fn onconnect(mut self, event: impl Fn(&mut Socket<'_>) + Send + Sync + 'static) -> Events {
        self.onconnect.push(Box::new(event));
        self
    }

    /// When a client has said something.
    pub fn onmessage(
        mut self,
        event: impl Fn(Message<'_>, &mut Socket<'_>) + Send + Sync + 'static,
    ) -> Events {
        self.onmessage.push(Box::new(event));
        self
    }

    /// When a conversation is over.
    pub fn onclose(mut self, event: impl Fn(u16, &str) + Send + Sync + 'static) -> Events {
        self.onclose.push(Box::new(event));
        self
    }
}

impl WebSocket for Arc<Events> {
    fn opened(&mut self, socket: &mut Socket<'_>) {
        self.onconnect.iter().for_each(|event| event(socket));
    }

    fn received_message(&mut self, message: Message<'_>, socket: &mut Socket<'_>) {
        self.onmessage
            .iter()
            .for_each(|event| event(message, socket));
    }

    fn closed(&mut self, code: u16, reason: &str) {
        self.onclose.iter().for_each(|event| event(code, reason));
    }
}
// ANCHOR_END: events
