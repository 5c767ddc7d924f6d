//! How long a probe may take and how many bytes it may move: then it is over, whatever it does.
//!
//! A probe is an ordinary function, and a server may lead it anywhere: into a loop that always
//! gets an answer, or a body without end. So whoever waits, sends or receives for a probe asks
//! here first. Once the bound is hit, that unwinds the probe up to [`Bound::keep`], as a panic
//! would. No probe can swallow it, as it could an error, and none has to think of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::outcome::{Finding, Verdict};

/// What one probe may send and receive. The largest sends 8 MiB; a server that needs more than
/// this has an answer without end.
const MOST_BYTES: u64 = 128 * 1024 * 1024;

/// What one probe may cost. Clones share it.
#[derive(Clone, Default)]
pub struct Bound(Arc<Spent>);

#[derive(Default)]
struct Spent {
    /// When the probe began and when it must be over. Outside of a probe there is no bound.
    time: Mutex<Option<(Instant, Duration)>>,
    bytes: AtomicU64,
    /// Whether somebody waited for something as long as his patience lasted.
    in_vain: AtomicBool,
}

/// What unwinds a probe that has hit the bound.
struct Exceeded(String);

impl Bound {
    /// Asks a question that may take so long. What it hits, and where it breaks, is a finding.
    pub fn keep(&self, limit: Duration, question: impl FnOnce() -> Verdict) -> Verdict {
        self.set(Some((Instant::now(), limit)));
        self.0.bytes.store(0, Ordering::Relaxed);
        let found = catch_unwind(AssertUnwindSafe(question));
        self.set(None);
        found.unwrap_or_else(|thrown| Err(finding(thrown)))
    }

    /// Ends the probe if its time is over. `doing` says what would go on.
    pub fn check(&self, doing: &str) {
        if let Some((start, limit)) = self.time()
            && start.elapsed() >= limit
        {
            exceed(format!(
                "not done after {} s (--limit), while {doing}",
                limit.as_secs_f64()
            ));
        }
    }

    /// Counts bytes that were sent or received, and ends the probe if they are too many.
    pub fn count(&self, bytes: usize, doing: &str) {
        let before = self.0.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.time().is_some() && before + bytes as u64 > MOST_BYTES {
            exceed(format!(
                "not done after {} MiB, while {doing}",
                MOST_BYTES / 1024 / 1024
            ));
        }
    }

    /// How much of `wanted` is left for something that waits.
    pub fn clip(&self, wanted: Duration) -> Duration {
        match self.time() {
            Some((start, limit)) => wanted.min(limit.saturating_sub(start.elapsed())),
            None => wanted,
        }
    }

    /// Whether half of it is used up: who asks for more of the same should stop and judge.
    pub fn is_half_spent(&self) -> bool {
        let time = self.time();
        let late = time.is_some_and(|(start, limit)| start.elapsed() > limit / 2);
        late || self.0.bytes.load(Ordering::Relaxed) > MOST_BYTES / 2
    }

    /// Somebody has waited in vain: what is found may be a matter of time.
    pub fn note_vain_wait(&self) {
        self.0.in_vain.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has waited in vain.
    pub fn was_vain(&self) -> bool {
        self.0.in_vain.load(Ordering::Relaxed)
    }

    fn time(&self) -> Option<(Instant, Duration)> {
        *self.0.time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, time: Option<(Instant, Duration)>) {
        *self.0.time.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }
}

/// Unwinds without the words of a panic: nothing is broken.
fn exceed(words: String) -> ! {
    resume_unwind(Box::new(Exceeded(words)))
}

fn finding(thrown: Box<dyn Any + Send>) -> Finding {
    match thrown.downcast::<Exceeded>() {
        Ok(exceeded) => Finding::Unfinished(exceeded.0),
        Err(thrown) => Finding::Broken(words_of_panic(thrown.as_ref())),
    }
}

fn words_of_panic(thrown: &(dyn Any + Send)) -> String {
    let text = thrown.downcast_ref::<&str>().copied();
    let text = text.or_else(|| thrown.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it panicked without words").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_goes_on_and_on_is_unfinished() {
        let bound = Bound::default();
        let found = bound.keep(Duration::from_millis(1), || {
            loop {
                bound.check("waiting for Godot");
            }
        });
        match found {
            Err(Finding::Unfinished(words)) => assert!(words.contains("Godot"), "{words}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_body_without_end_is_unfinished() {
        let bound = Bound::default();
        let found = bound.keep(Duration::from_secs(3600), || {
            loop {
                bound.count(1024 * 1024, "reading");
            }
        });
        assert!(matches!(found, Err(Finding::Unfinished(_))), "{found:?}");
    }

    #[test]
    fn a_probe_that_panics_is_a_finding_with_its_words() {
        let found =
            Bound::default().keep(Duration::from_secs(1), || panic!("a slip of {}", "ours"));
        assert_eq!(found, Err(Finding::Broken("a slip of ours".to_owned())));
    }

    #[test]
    fn outside_of_a_probe_there_is_no_bound() {
        let bound = Bound::default();
        assert_eq!(bound.keep(Duration::ZERO, || Ok(())), Ok(()));
        bound.check("nothing in particular");
        assert_eq!(bound.clip(Duration::from_secs(5)), Duration::from_secs(5));
    }
}
