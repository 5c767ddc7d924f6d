//! The conversation under a simulated client, kernel and clock, by seed.
//!
//! `cargo run --release -p lesson07 --example simulate -- --seeds 1000000` plays more of them.

#![forbid(unsafe_code)]

#[path = "simulator.rs"]
mod simulator;

use simulator::{Planted, hush, play};

#[test]
fn every_promise_is_kept_in_a_hundred_thousand_worlds() {
    let progress = hush();
    let campaign = play(0..100_000, Planted::Nothing, progress.as_ref());
    if let Some((seed, run)) = campaign.failure {
        let trace = run.trace.join("\n");
        panic!("seed {seed}: {}\n{trace}", run.finding.unwrap());
    }
}
