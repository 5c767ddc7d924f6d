//! The conversation in as many simulated worlds as you like.
//!
//! `cargo run --release -p lesson07 --example simulate -- --seeds 1000000`, and after a failure
//! the same with `--seed` and the number that was shown.

#![forbid(unsafe_code)]

#[path = "../tests/simulation/simulator.rs"]
mod simulator;

use std::ops::Range;
use std::process::ExitCode;

use simulator::{Campaign, Planted, hush, play};

const USAGE: &str = "usage: simulate [--seeds COUNT] [--seed FIRST]";

fn main() -> ExitCode {
    let Some(seeds) = seeds(std::env::args().skip(1)) else {
        println!("{USAGE}");
        return ExitCode::from(2);
    };
    let progress = hush();
    let campaign = play(seeds, Planted::Nothing, progress.as_ref());
    println!();
    report(&campaign)
}

/// The seeds that a command line asks for: one if it names one and does not say how many.
fn seeds(mut words: impl Iterator<Item = String>) -> Option<Range<u64>> {
    let (mut first, mut count) = (None, None);
    while let Some(word) = words.next() {
        let number = words.next()?.parse::<u64>().ok()?;
        match word.as_str() {
            "--seeds" => count = Some(number),
            "--seed" => first = Some(number),
            _ => return None,
        }
    }
    let usual = if first.is_some() { 1 } else { 100_000 };
    let first = first.unwrap_or(0);
    Some(first..first.checked_add(count.unwrap_or(usual))?)
}

fn report(campaign: &Campaign) -> ExitCode {
    let Campaign {
        seeds,
        conversations,
        took,
        failure,
    } = campaign;
    let rate = *seeds as f64 / took.as_secs_f64();
    println!("{seeds} seeds, {conversations} conversations, {took:.1?}: {rate:.0} seeds a second");
    let Some((seed, run)) = failure else {
        println!("every promise was kept");
        return ExitCode::SUCCESS;
    };
    run.trace.iter().for_each(|line| println!("{line}"));
    if let Some(finding) = &run.finding {
        println!("seed {seed}: {finding}");
    }
    ExitCode::FAILURE
}
