//! How long the answers took: a histogram small enough to keep one for each round.
//!
//! ```text
//! 0, 1, 2 … 63 ns          a bucket each
//! 64 … 127 ns              32 buckets of 2 ns
//! 128 … 255 ns             32 buckets of 4 ns        and so on: every doubling has 32 buckets,
//! …                        so that no value is off by more than one part in 32
//! ```

use std::fmt;
use std::time::Duration;

/// Buckets for each doubling, as a power of two.
const FINE: u32 = 5;
const BUCKETS: usize = ((64 - FINE as usize) << FINE) + (1 << FINE);

/// Counts of durations, exact to one part in 32.
#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            counts: vec![0; BUCKETS],
            total: 0,
        }
    }
}

impl Histogram {
    /// Adds one duration.
    pub fn record(&mut self, duration: Duration) {
        // Centuries are counted as the longest duration there is a bucket for.
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket(nanoseconds)] += 1;
        self.total += 1;
    }

    /// How many durations were recorded.
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The duration that so many parts in a thousand of the recorded ones do not exceed: 990 for
    /// p99. It is the upper edge of its bucket, so it flatters nobody. Zero if nothing was recorded.
    pub fn permille(&self, part: u64) -> Duration {
        let rank = (self.total * part.min(1000)).div_ceil(1000).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        Duration::from_nanos(found.map_or(0, upper_edge))
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (half, most) = (self.permille(500), self.permille(990));
        write!(out, "{} durations, p50 {half:?}, p99 {most:?}", self.total)
    }
}

/// The bucket of a value: how often it can be halved, and its leading bits.
fn bucket(value: u64) -> usize {
    let halvings = (64 - FINE - 1).saturating_sub(value.leading_zeros());
    // At most `2 << FINE`, because everything above has been halved away.
    let leading = (value >> halvings) as usize;
    ((halvings as usize) << FINE) + leading
}

/// The largest value in a bucket.
fn upper_edge(bucket: usize) -> u64 {
    let halvings = (bucket >> FINE).saturating_sub(1);
    let leading = bucket - (halvings << FINE);
    // In the last bucket the sum is 2^64 - 1, which is why the 1 is subtracted first.
    ((leading as u64) << halvings) + ((1 << halvings) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_values_and_the_largest_have_their_buckets() {
        for value in 0..64 {
            assert_eq!(upper_edge(bucket(value)), value);
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert_eq!(upper_edge(BUCKETS - 1), u64::MAX);
    }

    #[test]
    fn each_bucket_begins_where_the_last_one_ends() {
        for index in 1..BUCKETS {
            assert_eq!(bucket(upper_edge(index - 1) + 1), index);
            assert_eq!(bucket(upper_edge(index)), index);
        }
    }

    #[test]
    fn percentiles_are_ranks_of_what_was_recorded() {
        let mut histogram = Histogram::default();
        assert!(histogram.is_empty() && histogram.permille(990).is_zero());
        for nanosecond in 1..=60 {
            histogram.record(Duration::from_nanos(nanosecond));
        }
        assert_eq!(histogram.len(), 60);
        let permille = |part| histogram.permille(part).as_nanos();
        assert_eq!((permille(0), permille(500), permille(1000)), (1, 30, 60));
        assert_eq!(permille(990), 60);
    }

    proptest! {
        #[test]
        fn no_value_is_off_by_more_than_one_part_in_32(value: u64) {
            let edge = upper_edge(bucket(value));
            prop_assert!(edge >= value && edge - value <= value / 32);
        }
    }
}
