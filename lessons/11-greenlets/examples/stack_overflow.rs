//! Three greenlets, one of which calls itself so many times: what does it take along?
//!
//! `cargo run -p lesson11 --example stack_overflow -- 256 1000`: a stack of 256 KiB, a thousand
//! calls.

#![forbid(unsafe_code)]

use std::env;
use std::hint::black_box;
use std::io;
use std::time::Duration;

use lesson11::{pause, run, spawn};

fn main() -> io::Result<()> {
    let mut numbers = env::args().filter_map(|word| word.parse::<usize>().ok());
    let (Some(kib), Some(calls)) = (numbers.next(), numbers.next()) else {
        return Err(io::Error::other("which stack in KiB, and how many calls?"));
    };
    run(kib * 1024, move || {
        for (name, calls) in [("first", 1), ("second", calls), ("third", 1)] {
            let spawned = spawn(move || {
                println!("the {name} begins");
                pause(Duration::from_millis(1)); // So all of them have begun.
                println!("the {name} counted to {}", count(calls));
            });
            if let Err(error) = spawned {
                println!("no stack for the {name}: {error}");
            }
        }
    })
}

// ANCHOR: count
/// Counts by calling itself, with a kilobyte on the stack for each call.
fn count(calls: usize) -> usize {
    let on_the_stack = black_box([1_u8; 1024]);
    match calls {
        0 | 1 => usize::from(on_the_stack[0]),
        _ => count(calls - 1) + usize::from(black_box(on_the_stack)[1]),
    }
}
// ANCHOR_END: count
