//! The bus: what is said on one machine is heard on all of them.
//!
//! ```text
//! Channels::publish ─► Bus::takes ─► queue ─► the sender's thread ─► XADD ─┐
//!                                                                    one stream in Redis
//! Channels::deliver ◄──────────────── the reader's thread ◄── XREAD BLOCK ─┘
//! ```
//!
//! A stream remembers: whoever was away asks for what comes after the last thing that it has heard.
//! Redis' own `PUBLISH` reaches those who listen at this moment and nobody else.

// ANCHOR: imports
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::{io, thread};

use lesson09::{Channels, Message, Relay};

use crate::link::{Change, Letter, Link, lock};
use crate::reader;
use crate::sender;
// ANCHOR_END: imports

// ANCHOR: bus
/// So many wait for Redis. What does not fit is heard here and nowhere else.
const QUEUE: usize = 1000;

/// A bus between processes.
pub struct Bus {
    link: Arc<Link>,
    queue: Mutex<(SyncSender<Letter>, u64)>,
}

impl Bus {
    /// Starts the two threads of a bus. From now on what is published in `channels` is heard
    /// wherever there is a bus to the same Redis; `tell` is called when that changes.
    pub fn start(
        address: SocketAddr,
        channels: &Channels,
        tell: impl Fn(Change) + Send + Sync + 'static,
    ) -> io::Result<()> {
        let link = Arc::new(Link::new(address, channels.clone(), tell));
        let (sender, receiver): (_, Receiver<Letter>) = sync_channel(QUEUE);
        let (sends, reads) = (Arc::clone(&link), Arc::clone(&link));
        spawn("bus: sender", move || sender::run(&sends, &receiver))?;
        spawn("bus: reader", move || reader::run(&reads))?;
        let queue = Mutex::new((sender, 0));
        channels.set_relay(Arc::new(Bus { link, queue }));
        Ok(())
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(work).map(drop)
}

impl Relay for Bus {
    /// Puts a message into the queue. While Redis is there it comes back from the stream, in the
    /// order that all machines see. While it is not, it is heard here at once, and waits in the
    /// queue for the others.
    fn takes(&self, channel: &str, message: Message<'_>) -> bool {
        let Message::Text(text) = message else {
            return false; // Rooms are made of text.
        };
        let mut queue = lock(&self.queue);
        queue.1 += 1;
        let letter = Letter {
            from: self.link.own.clone(),
            number: queue.1,
            channel: channel.to_owned(),
            text: text.to_owned(),
        };
        let number = letter.number;
        let is_up = self.link.is_up();
        // A number that is left out tells the others that they have missed something.
        let is_queued = queue.0.try_send(letter).is_ok();
        match is_up && is_queued {
            true => true,
            false => !self.link.may_be_heard_here(number),
        }
    }
}
// ANCHOR_END: bus
