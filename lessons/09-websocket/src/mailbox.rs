//! A mailbox: how others speak to a socket, from any thread, without ever waiting for it.

// ANCHOR: imports
use std::collections::VecDeque;
use std::error::Error;
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use crate::close::{TRY_AGAIN_LATER, may_be_sent};
use crate::frame::encode;
use crate::message::Message;
// ANCHOR_END: imports

// ANCHOR: mailbox
/// What others want a socket to send, until it gets round to it.
#[derive(Debug)]
pub(crate) struct Mailbox {
    inside: Mutex<Inside>,
    /// Whether there is anything in it. A look at this is cheaper than a lock.
    is_full: AtomicBool,
    /// How many bytes may lie in it.
    most: usize,
}

#[derive(Debug)]
struct Inside {
    frames: VecDeque<Arc<[u8]>>,
    bytes: usize,
    waker: Waker,
    end: Option<(u16, String)>,
    is_closed: bool,
}

impl Mailbox {
    pub(crate) fn new(most: usize) -> Mailbox {
        Mailbox {
            inside: Mutex::new(Inside {
                frames: VecDeque::new(),
                bytes: 0,
                waker: Waker::noop().clone(),
                end: None,
                is_closed: false,
            }),
            is_full: AtomicBool::new(false),
            most,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Each change is whole before anything could panic.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on whoever puts something in calls this.
    pub(crate) fn open(&self, waker: Waker) {
        let mut inside = self.lock();
        inside.waker = waker;
        if self.is_full.load(Ordering::SeqCst) {
            inside.waker.wake_by_ref();
        }
    }

    /// Puts a frame in. If there is no room for it, the socket is too slow for what it is sent,
    /// and is told to go: memory has an end, and waiting would let one make all the others wait.
    /// Into an empty mailbox goes everything: a message that has been taken from one client must
    /// not be too long for all the others.
    fn put(&self, frame: Arc<[u8]>) -> Result<(), Closed> {
        let mut inside = self.lock();
        if inside.is_closed || inside.end.is_some() {
            return Err(Closed);
        }
        let size = frame.len() + size_of::<Arc<[u8]>>();
        if inside.bytes + size > self.most && !inside.frames.is_empty() {
            inside.frames = VecDeque::new();
            inside.end = Some((TRY_AGAIN_LATER, "too slow for what is said here".to_owned()));
        } else {
            inside.bytes += size;
            inside.frames.push_back(frame);
        }
        self.ring(inside);
        Ok(())
    }

    fn end(&self, code: u16, reason: &str) {
        let mut inside = self.lock();
        if !inside.is_closed && inside.end.is_none() {
            inside.end = Some((code, reason.to_owned()));
            self.ring(inside);
        }
    }

    fn ring(&self, inside: MutexGuard<'_, Inside>) {
        if !self.is_full.swap(true, Ordering::SeqCst) {
            // The lock is let go first: a waker is somebody else's code.
            let waker = inside.waker.clone();
            drop(inside);
            waker.wake();
        }
    }
}
// ANCHOR_END: mailbox

// ANCHOR: empty
/// How to go on after the mailbox has been looked into.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mail {
    /// Nothing is left in it.
    Empty,
    /// There was more than there is room for at the moment.
    More,
    /// Behind all that, somebody wants to end the conversation.
    End(u16, String),
}

impl Mailbox {
    /// Takes frames out, in their order, as long as fewer than `room` bytes wait to be sent.
    pub(crate) fn empty(&self, out: &mut Vec<u8>, room: usize) -> Mail {
        if !self.is_full.load(Ordering::SeqCst) {
            return Mail::Empty;
        }
        let mut inside = self.lock();
        while out.len() < room {
            let Some(frame) = inside.frames.pop_front() else {
                inside.bytes = 0;
                self.is_full.store(false, Ordering::SeqCst);
                return match inside.end.take() {
                    Some((code, reason)) => Mail::End(code, reason),
                    None => {
                        inside.frames.shrink_to(4);
                        Mail::Empty
                    }
                };
            };
            inside.bytes -= frame.len() + size_of::<Arc<[u8]>>();
            out.extend_from_slice(&frame);
        }
        Mail::More
    }

    /// Takes all letters out that lie in it, and leaves a wish to end it where it is.
    pub(crate) fn take_letters(&self, out: &mut Vec<u8>) {
        if self.is_full.load(Ordering::SeqCst) {
            let mut inside = self.lock();
            inside.bytes = 0;
            for frame in std::mem::take(&mut inside.frames) {
                out.extend_from_slice(&frame);
            }
        }
    }

    /// Takes nothing any more.
    pub(crate) fn close(&self) {
        let mut inside = self.lock();
        inside.is_closed = true;
        inside.frames = VecDeque::new();
        inside.waker = Waker::noop().clone();
        self.is_full.store(false, Ordering::SeqCst);
    }
}
// ANCHOR_END: empty

// ANCHOR: handle
/// A socket, for others: to be kept, cloned, and used from any thread.
#[derive(Clone, Debug)]
pub struct SocketHandle {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) number: u64,
}

/// A message in its envelope, made once for however many it is sent to.
#[derive(Clone, Debug)]
pub struct Letter(Arc<[u8]>);

impl Letter {
    /// Puts a message in an envelope.
    pub fn new<'m>(message: impl Into<Message<'m>>) -> Letter {
        let message = message.into();
        let mut frame = Vec::with_capacity(message.payload().len() + 10);
        encode(message.opcode(), message.payload(), &mut frame);
        Letter(frame.into())
    }
}

impl SocketHandle {
    /// A number of its own, which no other socket of its manager ever has.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Sends a message, without waiting. An `Ok` means that it lies in the mailbox.
    pub fn send<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), Closed> {
        self.post(&Letter::new(message))
    }

    /// Sends a letter that others may get, too.
    pub fn post(&self, letter: &Letter) -> Result<(), Closed> {
        self.mailbox.put(Arc::clone(&letter.0))
    }

    /// Ends the conversation, behind what has been sent. A number that must not be sent is not.
    pub fn close(&self, code: u16, reason: &str) {
        debug_assert!(may_be_sent(code), "{code} is the name of something else");
        self.mailbox.end(code, reason);
    }

    /// Whether it takes nothing any more.
    pub fn is_closed(&self) -> bool {
        let inside = self.mailbox.lock();
        inside.is_closed || inside.end.is_some()
    }
}

/// The conversation is over, or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

impl Display for Closed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("this socket is closed")
    }
}

impl Error for Closed {}
// ANCHOR_END: handle

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(most: usize) -> SocketHandle {
        SocketHandle {
            mailbox: Arc::new(Mailbox::new(most)),
            number: 0,
        }
    }

    #[test]
    fn letters_leave_in_the_order_in_which_they_came_and_the_end_behind_them() {
        let socket = handle(1000);
        socket.send("one").unwrap();
        socket.send(&b"2"[..]).unwrap();
        socket.close(1000, "bye");
        assert_eq!(socket.send("three"), Err(Closed));
        let mut out = Vec::new();
        let end = socket.mailbox.empty(&mut out, 100);
        assert_eq!(out, b"\x81\x03one\x82\x012");
        assert_eq!(end, Mail::End(1000, "bye".to_owned()));
        assert_eq!(socket.mailbox.empty(&mut out, 100), Mail::Empty);
    }

    #[test]
    fn no_more_is_taken_out_than_there_is_room_for() {
        let socket = handle(1000);
        for _ in 0..3 {
            socket.send("four").unwrap();
        }
        let mut out = Vec::new();
        assert_eq!(socket.mailbox.empty(&mut out, 7), Mail::More);
        assert_eq!(out.len(), 12);
        out.clear();
        assert_eq!(socket.mailbox.empty(&mut out, 7), Mail::Empty);
        assert_eq!(out.len(), 6);
    }

    #[test]
    fn a_full_mailbox_tells_its_owner_to_go_and_an_empty_one_takes_whatever_it_is() {
        let socket = handle(100);
        socket.send("x".repeat(5000).as_str()).unwrap();
        assert_eq!(socket.send("and one more"), Ok(()), "it finds out later");
        assert_eq!(socket.send("and another"), Err(Closed));
        let mut out = Vec::new();
        let end = socket.mailbox.empty(&mut out, 1 << 20);
        assert!(matches!(end, Mail::End(TRY_AGAIN_LATER, _)), "{end:?}");
        assert!(out.is_empty(), "nobody waits for what is dropped");
    }

    #[test]
    fn a_closed_mailbox_keeps_nothing() {
        let socket = handle(100);
        socket.send("one").unwrap();
        socket.mailbox.close();
        assert_eq!(socket.send("two"), Err(Closed));
        assert_eq!(socket.mailbox.empty(&mut Vec::new(), 100), Mail::Empty);
    }

    #[test]
    fn its_owner_is_woken_once_however_much_is_put_in_and_again_after_it_has_looked() {
        use std::sync::atomic::AtomicUsize;
        use std::task::Wake;

        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let count = Arc::new(Count(AtomicUsize::new(0)));
        let woken = || count.0.load(Ordering::SeqCst);
        let socket = handle(1000);
        socket.send("before it opens").unwrap();
        socket.mailbox.open(Arc::clone(&count).into());
        assert_eq!(woken(), 1);
        socket.send("two").unwrap();
        assert_eq!(woken(), 1);
        socket.mailbox.empty(&mut Vec::new(), 1000);
        socket.send("three").unwrap();
        socket.send("four").unwrap();
        assert_eq!(woken(), 2);
    }
}
