//! Whether memory grows for ever, or only for a while.

use crate::outcome::{Finding, Verdict};

/// As many rounds of a quarter are run, if memory grows in each of them.
pub(super) const MOST_ROUNDS: usize = 16;

/// Less than this in bytes for a request, in some round, is no leak that can be seen.
const NO_LEAK: u64 = 3 * 1024;

/// How memory grows, round by round. A collector of garbage lets it grow for a while and gives
/// some back, an allocator takes a big piece now and then, a server may remember a client for some
/// seconds. A leak takes its share in each round, for ever.
pub(super) struct Growth {
    /// In KiB, after each round.
    pub(super) memory: Vec<u64>,
    /// In bytes for each request.
    each: Vec<u64>,
    requests: u32,
}

impl Growth {
    pub(super) fn from(memory: u64) -> Growth {
        Growth {
            memory: vec![memory],
            each: Vec::new(),
            requests: 0,
        }
    }

    pub(super) fn add(&mut self, memory: u64, requests: u32) {
        let before = self.memory.last().copied().unwrap_or(memory);
        let grown = memory.saturating_sub(before) * 1024;
        self.each.push(grown / u64::from(requests.max(1)));
        self.memory.push(memory);
        self.requests += requests;
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.each.iter().any(|&bytes| bytes < NO_LEAK)
    }

    pub(super) fn judge(&self) -> Verdict {
        let least = self.each.iter().min().copied().unwrap_or(0);
        let words = format!(
            "at least {least} bytes of memory for each request, in every round of {}",
            self.requests
        );
        match (self.has_stopped(), self.each.len()) {
            (true, _) | (false, 0..4) => Ok(()),
            (false, rounds) if rounds < MOST_ROUNDS => Err(Finding::Allowed(format!(
                "it takes {words} requests; whether that ends, more time would tell (--limit)"
            ))),
            (false, _) => Err(Finding::wrong(format!("it keeps {words} requests"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(memory: impl IntoIterator<Item = u64>) -> Verdict {
        let mut growth = Growth::from(20_000);
        for memory in memory {
            growth.add(memory, 500);
        }
        growth.judge()
    }

    #[test]
    fn a_leak_takes_its_share_in_every_round_and_a_collector_does_not() {
        let leak = (1..=16).map(|round| 20_000 + round * 4_000);
        assert!(matches!(judged(leak), Err(Finding::Wrong(_))));
        assert_eq!(judged([30_000, 40_000, 38_000, 48_000]), Ok(()));
        assert_eq!(judged([30_000, 30_000, 30_000, 30_000]), Ok(()));
    }

    #[test]
    fn what_may_still_end_is_no_leak_yet() {
        let growing = judged([24_000, 28_000, 32_000, 36_000]);
        assert!(matches!(growing, Err(Finding::Allowed(_))), "{growing:?}");
    }
}
