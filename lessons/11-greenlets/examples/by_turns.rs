//! Greenlets in their smallest form: stacks that take turns, and a loop that knows whose turn it
//! is.
//!
//! `cargo run -p lesson11 --example by_turns`

#![forbid(unsafe_code)]

use std::thread;
use std::time::{Duration, Instant};

use corosensei::{Coroutine, CoroutineResult, Yielder};

/// What a greenlet has in its hand, to wait with.
type Hand = Yielder<(), Instant>;

/// A greenlet, and when it wants to go on.
type Sleeper = (Instant, Coroutine<(), Instant, ()>);

fn main() {
    let begin = Instant::now();
    let mut greenlets = vec![
        spawn("Ada", begin, 30),
        spawn("Grace", begin, 20),
        spawn("Hedy", begin, 50),
    ];
    // The hub: whoever's moment comes first goes on.
    while let Some(next) = earliest(&greenlets) {
        let (moment, mut greenlet) = greenlets.swap_remove(next);
        thread::sleep(moment.saturating_duration_since(Instant::now()));
        match greenlet.resume(()) {
            CoroutineResult::Yield(moment) => greenlets.push((moment, greenlet)),
            CoroutineResult::Return(()) => {} // Its function has returned.
        }
    }
}

/// A greenlet that says two things, with a pause before each.
fn spawn(name: &'static str, begin: Instant, milliseconds: u64) -> Sleeper {
    let greenlet = Coroutine::new(move |hand: &Hand, ()| {
        let mut moment = begin;
        for line in 1..=2 {
            moment += Duration::from_millis(milliseconds);
            wait_until(hand, moment);
            println!("{name} says line {line}");
        }
    });
    (begin, greenlet)
}

/// Waits, as it seems. In truth the stack is left as it is, and others have their turns.
fn wait_until(hand: &Hand, moment: Instant) {
    hand.suspend(moment);
}

fn earliest(greenlets: &[Sleeper]) -> Option<usize> {
    let moments = greenlets.iter().map(|(moment, _)| moment).enumerate();
    Some(moments.min_by_key(|(_, moment)| *moment)?.0)
}
