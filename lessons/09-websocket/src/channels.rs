//! Channels: publish and subscribe by name, within this process.

// ANCHOR: imports
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::mailbox::{Letter, SocketHandle};
use crate::message::Message;
// ANCHOR_END: imports

// ANCHOR: channels
/// Who listens to what (the engine's bus of CherryPy, of which ws4py's plugin is a part).
///
/// Whoever publishes does not know who listens, and waits for nobody.
#[derive(Clone, Default)]
pub struct Channels {
    by_name: Arc<Mutex<HashMap<String, Vec<Listener>>>>,
    relay: Arc<OnceLock<Arc<dyn Relay>>>,
}

/// Somebody who carries messages to other processes, and back.
pub trait Relay: Send + Sync {
    /// Takes a message along, to bring it back with [`Channels::deliver`], here and elsewhere.
    /// False: it must be delivered here, now. It must not wait.
    fn takes(&self, channel: &str, message: Message<'_>) -> bool;
}

#[derive(Clone)]
enum Listener {
    Socket(SocketHandle),
    Function(Arc<dyn Fn(Message<'_>) + Send + Sync>),
}

impl Channels {
    /// No channels yet.
    pub fn new() -> Channels {
        Channels::default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Listener>>> {
        // Each change is whole before anything could panic.
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this socket gets what is published there, until it closes.
    pub fn subscribe(&self, channel: &str, socket: SocketHandle) {
        self.add(channel, Listener::Socket(socket));
    }

    /// From now on this is called with what is published there. It must not wait.
    pub fn listen(&self, channel: &str, function: impl Fn(Message<'_>) + Send + Sync + 'static) {
        self.add(channel, Listener::Function(Arc::new(function)));
    }

    fn add(&self, channel: &str, listener: Listener) {
        let mut by_name = self.lock();
        let listeners = by_name.entry(channel.to_owned()).or_default();
        listeners.push(listener);
    }

    /// This socket gets nothing from there any more.
    pub fn unsubscribe(&self, channel: &str, socket: &SocketHandle) {
        let is_other = |listener: &Listener| match listener {
            Listener::Socket(other) => other.number() != socket.number(),
            Listener::Function(_) => true,
        };
        let mut by_name = self.lock();
        if let Some(listeners) = by_name.get_mut(channel) {
            listeners.retain(is_other);
            if listeners.is_empty() {
                by_name.remove(channel); // Names that clients make up must not add up.
            }
        }
    }

    /// From now on this one carries what is published. There is one for the life of a process.
    pub fn set_relay(&self, relay: Arc<dyn Relay>) {
        let _ = self.relay.set(relay);
    }

    /// Sends a message to everybody who listens, and says to how many; to none, for the moment, if
    /// there is a relay and it has taken the message along.
    pub fn publish<'m>(&self, channel: &str, message: impl Into<Message<'m>>) -> usize {
        let message = message.into();
        let relay = self.relay.get();
        match relay.is_some_and(|relay| relay.takes(channel, message)) {
            true => 0,
            false => self.deliver(channel, message),
        }
    }

    /// The names of the channels to which somebody listens.
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Sends a message to everybody who listens in this process, and says to how many.
    pub fn deliver<'m>(&self, channel: &str, message: impl Into<Message<'m>>) -> usize {
        // Whoever is called may publish something, too: nothing is locked meanwhile.
        let listeners = self.lock().get(channel).cloned().unwrap_or_default();
        let message = message.into();
        let letter = Letter::new(message);
        let mut reached = 0;
        for listener in &listeners {
            match listener {
                Listener::Function(function) => function(message),
                Listener::Socket(socket) => {
                    if socket.post(&letter).is_err() {
                        self.unsubscribe(channel, socket);
                        continue;
                    }
                }
            }
            reached += 1;
        }
        reached
    }
}
// ANCHOR_END: channels

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Mailbox;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn socket(number: u64) -> SocketHandle {
        SocketHandle {
            mailbox: Arc::new(Mailbox::new(1000)),
            number,
        }
    }

    #[test]
    fn what_is_published_reaches_those_who_listen_there_and_nobody_else() {
        let channels = Channels::new();
        let (tea, coffee) = (socket(1), socket(2));
        channels.subscribe("tea", tea.clone());
        channels.subscribe("coffee", coffee.clone());
        let heard = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&heard);
        channels.listen("tea", move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(channels.publish("tea", "ready"), 2);
        assert_eq!(channels.publish("milk", "sour"), 0);
        let letters = |socket: &SocketHandle| {
            let mut out = Vec::new();
            socket.mailbox.empty(&mut out, 1000);
            out
        };
        assert_eq!(letters(&tea), b"\x81\x05ready");
        assert_eq!(letters(&coffee), b"");
        assert_eq!(heard.load(Ordering::SeqCst), 1);
        channels.unsubscribe("coffee", &coffee);
        assert_eq!(channels.publish("coffee", "ready"), 0);
    }

    #[test]
    fn a_socket_that_has_closed_is_forgotten_and_so_is_an_empty_channel() {
        let channels = Channels::new();
        let one = socket(1);
        channels.subscribe("tea", one.clone());
        one.mailbox.close();
        assert_eq!(channels.publish("tea", "ready"), 0);
        assert!(channels.lock().is_empty());
    }

    struct Postman(Mutex<Vec<String>>);

    impl Relay for Postman {
        fn takes(&self, channel: &str, message: Message<'_>) -> bool {
            let text = String::from_utf8_lossy(message.payload()).into_owned();
            self.0.lock().unwrap().push(format!("{channel}: {text}"));
            channel == "abroad"
        }
    }

    #[test]
    fn a_relay_takes_messages_along_and_they_are_delivered_when_it_comes_back() {
        let channels = Channels::new();
        let postman = Arc::new(Postman(Mutex::default()));
        channels.set_relay(Arc::clone(&postman) as Arc<dyn Relay>);
        for channel in ["abroad", "here"] {
            channels.subscribe(channel, socket(1));
        }
        assert_eq!(channels.publish("abroad", "hello"), 0);
        assert_eq!(channels.publish("here", "hello"), 1);
        assert_eq!(*postman.0.lock().unwrap(), ["abroad: hello", "here: hello"]);
        assert_eq!(channels.deliver("abroad", "hello"), 1);
    }

    #[test]
    fn whoever_listens_may_publish() {
        let channels = Channels::new();
        let others = channels.clone();
        channels.listen("question", move |_| {
            others.publish("answer", "42");
        });
        let one = socket(1);
        channels.subscribe("answer", one.clone());
        channels.publish("question", "?");
        let mut out = Vec::new();
        one.mailbox.empty(&mut out, 1000);
        assert_eq!(out, b"\x81\x0242");
    }
}
