//! The manager: all sockets that are open, to be counted, spoken to and closed together.

// ANCHOR: imports
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::mailbox::{Letter, SocketHandle};
use crate::message::Message;
// ANCHOR_END: imports

// ANCHOR: manager
/// All sockets of a server (ws4py's `WebSocketManager`). Whoever drives them, it is not in here:
/// everything that it says goes through their mailboxes.
#[derive(Clone, Debug)]
pub struct WebSocketManager {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    inside: Mutex<Inside>,
    one_left: Condvar,
    most: usize,
}

#[derive(Debug, Default)]
struct Inside {
    /// Those that are open, and `None` for those that are about to be.
    sockets: BTreeMap<u64, Option<SocketHandle>>,
    /// Numbers are not used again: nobody speaks to a socket that has taken another's place.
    next: u64,
}

impl WebSocketManager {
    /// A manager of at most so many sockets.
    pub fn new(most: usize) -> WebSocketManager {
        WebSocketManager {
            shared: Arc::new(Shared {
                inside: Mutex::default(),
                one_left: Condvar::new(),
                most,
            }),
        }
    }

    /// A place for a socket that is about to open, if there is one.
    pub(crate) fn reserve(&self) -> Option<Place> {
        let mut inside = self.shared.lock();
        if inside.sockets.len() >= self.shared.most {
            return None;
        }
        let number = inside.next;
        inside.next += 1;
        inside.sockets.insert(number, None);
        Some(Place {
            shared: Arc::clone(&self.shared),
            number,
        })
    }

    /// How many sockets there are, those included that are about to open.
    pub fn len(&self) -> usize {
        self.shared.lock().sockets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this socket is open.
    pub fn contains(&self, socket: &SocketHandle) -> bool {
        let inside = self.shared.lock();
        matches!(inside.sockets.get(&socket.number), Some(Some(_)))
    }

    /// Those that are open at this moment, the oldest first. Nothing is locked while you go
    /// through them.
    pub fn iter(&self) -> impl Iterator<Item = SocketHandle> + use<> {
        let inside = self.shared.lock();
        let sockets: Vec<_> = inside.sockets.values().flatten().cloned().collect();
        sockets.into_iter()
    }

    /// Sends a message to everybody, and says to how many. It waits for nobody.
    pub fn broadcast<'m>(&self, message: impl Into<Message<'m>>) -> usize {
        let letter = Letter::new(message);
        self.iter()
            .filter(|socket| socket.post(&letter).is_ok())
            .count()
    }

    /// Ends all conversations.
    pub fn close_all(&self, code: u16, reason: &str) {
        self.iter().for_each(|socket| socket.close(code, reason));
    }

    /// Waits until no socket is left, but no longer than this. Says whether that is so.
    pub fn join(&self, deadline: Instant) -> bool {
        let mut inside = self.shared.lock();
        while !inside.sockets.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.one_left.wait_timeout(inside, left);
            inside = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        // Each change is whole before anything could panic.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: manager

// ANCHOR: place
/// A socket's place among the others, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Arc<Shared>,
    number: u64,
}

impl Place {
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The socket is open.
    pub(crate) fn take(&self, socket: SocketHandle) {
        self.shared.lock().sockets.insert(self.number, Some(socket));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.lock().sockets.remove(&self.number);
        self.shared.one_left.notify_all();
    }
}
// ANCHOR_END: place

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Mailbox;

    fn open(manager: &WebSocketManager) -> (Place, SocketHandle) {
        let place = manager.reserve().unwrap();
        let handle = SocketHandle {
            mailbox: Arc::new(Mailbox::new(1000)),
            number: place.number(),
        };
        place.take(handle.clone());
        (place, handle)
    }

    #[test]
    fn sockets_are_counted_found_and_gone_through_and_a_place_is_free_again() {
        let manager = WebSocketManager::new(2);
        assert!(manager.is_empty());
        let (first, one) = open(&manager);
        let (_second, two) = open(&manager);
        assert!(manager.reserve().is_none(), "there are two places");
        assert_eq!(manager.len(), 2);
        let numbers: Vec<_> = manager.iter().map(|socket| socket.number()).collect();
        assert_eq!(numbers, [one.number(), two.number()]);
        drop(first);
        assert!(!manager.contains(&one) && manager.contains(&two));
        let (_third, three) = open(&manager);
        assert!(three.number() > two.number(), "numbers are not used again");
    }

    #[test]
    fn everybody_who_is_there_gets_the_message_and_whoever_has_gone_does_not() {
        let manager = WebSocketManager::new(9);
        let (_first, one) = open(&manager);
        let (_second, two) = open(&manager);
        one.mailbox.close();
        assert_eq!(manager.broadcast("hello"), 1);
        let mut out = Vec::new();
        two.mailbox.empty(&mut out, 100);
        assert_eq!(out, b"\x81\x05hello");
    }

    #[test]
    fn a_wait_for_the_last_one_ends_with_it_or_at_the_deadline() {
        let manager = WebSocketManager::new(9);
        let (place, _handle) = open(&manager);
        assert!(!manager.join(Instant::now()));
        let leaving = std::thread::spawn(move || drop(place));
        assert!(manager.join(Instant::now() + std::time::Duration::from_secs(60)));
        leaving.join().unwrap();
    }
}
