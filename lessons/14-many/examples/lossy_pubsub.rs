//! A planted failure: a bus by Redis' own `PUBLISH` and `SUBSCRIBE`.
//!
//! Redis passes a message on to those who listen at this moment, and forgets it. Whoever is away
//! for a moment never hears what was said meanwhile, and is not told that there was anything.
//!
//! `cargo run -p lesson14 --example lossy_pubsub -- --redis 127.0.0.1:6379` says numbers on one
//! connection and hears them on another, as fast as they come. Restart Redis meanwhile, or have its
//! clients disconnected (`redis-cli client kill type pubsub`). A line on its standard input ends it.

#![forbid(unsafe_code)]

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use lesson01::resolve;
use lesson14::{Redis, RedisError};
use terminal::{Flag, Program, say};

const PROGRAM: Program = Program {
    name: "lossy_pubsub",
    about: "Says numbers through Redis' PUBLISH, and counts those that are never heard.",
    operand: None,
    flags: &[&[Flag {
        name: "redis",
        value: "HOST:PORT",
        default: "127.0.0.1:6379",
        help: "where Redis is",
    }]],
};

const CHANNEL: &str = "lossy";
const PATIENCE: Duration = Duration::from_secs(1);

/// What has been said, as far as Redis has confirmed it, and what has been heard.
#[derive(Default)]
struct Count {
    said: AtomicU64,
    heard: AtomicU64,
    is_over: AtomicBool,
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("redis"))?;
        let count = Arc::new(Count::default());
        let (says, hears) = (Arc::clone(&count), Arc::clone(&count));
        let listener = thread::spawn(move || again(&hears, || hear(address, &hears)));
        let speaker = thread::spawn(move || again(&says, || speak(address, &says)));
        let _ = io::stdin().read_line(&mut String::new());
        count.is_over.store(true, Ordering::SeqCst);
        let _ = (speaker.join(), listener.join());
        let (said, heard) = (
            count.said.load(Ordering::SeqCst),
            count.heard.load(Ordering::SeqCst),
        );
        say(format_args!(
            "said {said}, heard {heard}, lost {}",
            said - heard
        ));
        Ok(())
    })
}

/// Whoever loses the connection takes another one.
fn again(count: &Count, work: impl Fn() -> Result<(), RedisError>) {
    while !count.is_over.load(Ordering::SeqCst) {
        if let Err(error) = work() {
            say(error);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn speak(address: SocketAddr, count: &Count) -> Result<(), RedisError> {
    let mut redis = Redis::connect(address, PATIENCE)?;
    while !count.is_over.load(Ordering::SeqCst) {
        redis.ask(&["PUBLISH", CHANNEL, "hello"])?;
        count.said.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn hear(address: SocketAddr, count: &Count) -> Result<(), RedisError> {
    let mut redis = Redis::connect(address, PATIENCE)?;
    redis.ask(&["SUBSCRIBE", CHANNEL])?;
    loop {
        match redis.reply() {
            Ok(_) => drop(count.heard.fetch_add(1, Ordering::SeqCst)),
            // Nothing is said any more.
            Err(RedisError::Lost(_)) if count.is_over.load(Ordering::SeqCst) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}
