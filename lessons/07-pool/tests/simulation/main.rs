//! The conversation under a simulated client, kernel and clock, by seed.
//!
//! `cargo run --release -p lesson07 --example simulate -- --seeds 1000000` plays more of them.

#![forbid(unsafe_code)]

#[path = "simulator.rs"]
mod simulator;

use kit::needed;
use simulator::judge::Promise;
use simulator::{Campaign, Planted, hush, play};

/// All seeds: where everything is required.
const SEEDS: u64 = 100_000;

/// As many as do not keep anybody waiting: everywhere else.
const FIRST_SEEDS: u64 = 20_000;

/// Each test here uses all processors, so one is enough at a time.
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn campaign(seeds: u64, planted: Planted) -> Campaign {
    let _turn = ONE_AT_A_TIME.lock();
    let progress = hush();
    play(0..seeds, planted, progress.as_ref())
}

/// How many seeds to play. What is left out is said where the test harness cannot capture it.
fn seeds() -> u64 {
    if needed::is_everything_required() {
        return SEEDS;
    }
    needed::say_skipped(&format!(
        "all but {FIRST_SEEDS} of {SEEDS} simulated worlds; REQUIRE_ALL=1 plays all"
    ));
    FIRST_SEEDS
}

#[test]
fn every_promise_is_kept_in_all_worlds() {
    let seeds = seeds();
    let campaign = campaign(seeds, Planted::Nothing);
    if let Some((seed, run)) = campaign.failure {
        let trace = run.trace.join("\n");
        panic!("{trace}\nseed {seed}: {}", run.finding.unwrap());
    }
    assert_eq!(campaign.seeds, seeds);
    // Shown by `-- --nocapture`.
    println!(
        "{} conversations in {:.1?}",
        campaign.conversations, campaign.took
    );
}

/// Plants a fault, and looks at what the simulator makes of it.
fn finds(planted: Planted, promise: Promise, words: &str) {
    let campaign = campaign(SEEDS, planted);
    let (_, run) = campaign.failure.expect("it is found");
    let finding = run.finding.unwrap();
    assert_eq!(finding.promise, promise, "{finding}");
    assert!(finding.what.contains(words), "{finding}");
    assert!(
        campaign.seeds < SEEDS / 10,
        "found after {} seeds",
        campaign.seeds
    );
}

#[test]
fn a_body_that_is_not_dropped_when_its_client_leaves_is_found() {
    let words = "dropped 0 times of 1";
    finds(Planted::BodyNotDropped, Promise::BodyIsDropped, words);
}

#[test]
fn a_keep_alive_too_many_is_found() {
    let words = "it said that it stays, and closed";
    finds(Planted::KeepAliveTooMany, Promise::WordIsKept, words);
}

#[test]
fn a_deadline_that_is_noticed_one_event_late_is_found() {
    let words = "the time was up at";
    finds(Planted::DeadlineLate, Promise::DeadlineIsKept, words);
}

#[test]
fn half_a_body_that_looks_whole_is_found() {
    let words = "half of a body was sent as if it were whole";
    finds(Planted::HalfLooksWhole, Promise::RightEnding, words);
}
