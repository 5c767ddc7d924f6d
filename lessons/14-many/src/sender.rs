//! The thread that writes into the stream.

// ANCHOR: imports
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use terminal::say;

use crate::link::{Letter, Link, Side};
use crate::resp::{PATIENCE, Redis, RedisError};
// ANCHOR_END: imports

// ANCHOR: names
/// The stream for everything. Each letter names its channel.
pub(crate) const STREAM: &str = "lesson14:letters";

/// About so many letters stay in the stream: whoever was away for longer has missed some.
const LENGTH: &str = "10000";

/// Until the next attempt to connect.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);
// ANCHOR_END: names

// ANCHOR: run
/// Writes what is in the queue into the stream, in its order, and each letter until Redis has said
/// that it is there.
pub(crate) fn run(link: &Link, queue: &Receiver<Letter>) {
    // Those that have left the queue, and of which nobody knows whether they are in the stream.
    let mut unsure: VecDeque<Letter> = VecDeque::new();
    loop {
        let outcome = Redis::connect(link.address, PATIENCE).map_err(RedisError::from);
        let outcome = outcome.and_then(|mut redis| send_all(link, queue, &mut unsure, &mut redis));
        let Err(error) = outcome else {
            return; // Nobody can publish any more.
        };
        let was_up = link.set(Side::Sends, false);
        // Whoever is here should not have to wait for it.
        for letter in &unsure {
            hear_here(link, letter);
        }
        if was_up {
            say(format_args!("the bus cannot send: {error}"));
        }
        thread::sleep(PAUSE);
    }
}

fn send_all(
    link: &Link,
    queue: &Receiver<Letter>,
    unsure: &mut VecDeque<Letter>,
    redis: &mut Redis,
) -> Result<(), RedisError> {
    redis.ask(&["PING"])?;
    link.set(Side::Sends, true);
    loop {
        while let Some(letter) = unsure.front() {
            send(redis, letter)?;
            unsure.pop_front();
        }
        match queue.recv_timeout(PATIENCE) {
            Ok(letter) => unsure.push_back(letter),
            // A question now and then: a connection that is silent may be a dead one.
            Err(RecvTimeoutError::Timeout) => drop(redis.ask(&["PING"])?),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn send(redis: &mut Redis, letter: &Letter) -> Result<(), RedisError> {
    let number = letter.number.to_string();
    let words = [
        "XADD",
        STREAM,
        "MAXLEN",
        "~",
        LENGTH,
        "*",
        "from",
        &letter.from,
        "number",
        &number,
        "channel",
        &letter.channel,
        "text",
        &letter.text,
    ];
    redis.ask(&words).map(drop)
}

fn hear_here(link: &Link, letter: &Letter) {
    if link.may_be_heard_here(letter.number) {
        link.channels.deliver(&letter.channel, letter.text.as_str());
    }
}
// ANCHOR_END: run
