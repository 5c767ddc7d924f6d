//! Many seeds, on all processors, with a word about how far it is.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::ops::Range;
use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::planted::Planted;
use super::run::{PANIC, Run, run};

/// What many seeds have led to.
pub(crate) struct Campaign {
    pub(crate) seeds: u64,
    pub(crate) conversations: u64,
    pub(crate) took: Duration,
    /// The smallest seed that was found to fail, and how.
    pub(crate) failure: Option<(u64, Run)>,
}

/// Plays all these seeds, or as many as it takes to find a failure.
pub(crate) fn play(seeds: Range<u64>, planted: Planted, progress: Option<&File>) -> Campaign {
    let started = Instant::now();
    let (next, conversations) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let failure = Mutex::new(None::<(u64, Run)>);
    let lock = || failure.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        SIMULATES.set(true);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || lock().as_ref().is_some_and(|(found, _)| *found < seed) {
                return;
            }
            let run = run(seed, planted);
            conversations.fetch_add(run.conversations as u64, Ordering::Relaxed);
            if run.finding.is_some() {
                let mut failure = lock();
                if failure.as_ref().is_none_or(|(found, _)| seed < *found) {
                    *failure = Some((seed, run));
                }
            }
            if let Some(file) = progress
                && seed.is_multiple_of(2000)
            {
                tell(file, seed - seeds.start, seeds.end - seeds.start, started);
            }
        }
    };
    thread::scope(|scope| {
        let count = thread::available_parallelism().map_or(1, |count| count.get());
        (0..count).for_each(|_| {
            scope.spawn(work);
        });
    });
    let played = next.load(Ordering::Relaxed).min(seeds.end) - seeds.start;
    Campaign {
        seeds: played,
        conversations: conversations.load(Ordering::Relaxed),
        took: started.elapsed(),
        failure: failure.into_inner().unwrap_or_else(PoisonError::into_inner),
    }
}

fn tell(mut file: &File, done: u64, all: u64, started: Instant) {
    let rate = done as f64 / started.elapsed().as_secs_f64().max(0.001);
    // Progress that nobody sees is no reason to stop.
    let _ = write!(file, "\r{done} of {all} seeds, {rate:.0} a second ");
}

thread_local! {
    static SIMULATES: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Applications panic as planned here, and servers log it. None of that is of any interest, so
/// standard error goes nowhere from now on. Returns what it was, if somebody is looking at it.
pub(crate) fn hush() -> Option<File> {
    static ONCE: Once = Once::new();
    let mut seen = None;
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| match SIMULATES.get() {
            true => PANIC.set(info.to_string()),
            false => usual(info),
        }));
        let is_seen = std::io::stderr().is_terminal();
        let kept = rustix::io::dup(std::io::stderr()).map(File::from);
        let nowhere = File::create("/dev/null");
        if let (Ok(kept), Ok(nowhere)) = (kept, nowhere)
            && rustix::stdio::dup2_stderr(&nowhere).is_ok()
        {
            seen = Some(kept).filter(|_| is_seen);
        }
    });
    seen
}
