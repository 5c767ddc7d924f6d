//! When is each request due?

use std::time::Duration;

/// The most requests of a schedule: each of them may have a connection of its own.
pub const MOST: usize = 20_000;

/// The moments at which requests are due, counted from the beginning. All of them are known before
/// the first is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    moments: Vec<Duration>,
}

impl Schedule {
    /// So many requests in each second, at even distances, for so long. There is at least one, and
    /// there are at most [`MOST`]: then it is over earlier.
    pub fn even(rate: f64, lasting: Duration) -> Schedule {
        let count = (rate * lasting.as_secs_f64()).round();
        // What is no number becomes zero, and what is too much the largest.
        let count = (count as usize).clamp(1, MOST);
        let moment = |index| Duration::from_secs_f64(index as f64 / rate.max(f64::MIN_POSITIVE));
        Schedule {
            // The first is due at once, whatever the rate.
            moments: (0..count)
                .map(|index| {
                    if index == 0 {
                        Duration::ZERO
                    } else {
                        moment(index)
                    }
                })
                .collect(),
        }
    }

    /// At these moments, earlier ones first.
    pub fn of(mut moments: Vec<Duration>) -> Schedule {
        moments.sort();
        moments.truncate(MOST);
        Schedule { moments }
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.moments.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.moments.is_empty()
    }

    /// When a request is due; `None`: there are no more.
    pub fn due(&self, index: usize) -> Option<Duration> {
        self.moments.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_schedule_has_its_rate_from_the_first_to_the_last() {
        let schedule = Schedule::even(200.0, Duration::from_secs(2));
        assert_eq!(schedule.len(), 400);
        assert_eq!(schedule.due(0), Some(Duration::ZERO));
        assert_eq!(schedule.due(1), Some(Duration::from_millis(5)));
        assert_eq!(schedule.due(399), Some(Duration::from_millis(1995)));
        assert_eq!(schedule.due(400), None);
    }

    #[test]
    fn a_schedule_has_at_least_one_request_and_never_too_many() {
        let second = Duration::from_secs(1);
        assert_eq!(Schedule::even(0.0, second).len(), 1);
        assert_eq!(Schedule::even(f64::NAN, second).len(), 1);
        assert_eq!(Schedule::even(1e12, second).len(), MOST);
    }

    #[test]
    fn moments_of_ones_own_come_in_their_order() {
        let [one, two] = [1, 2].map(Duration::from_secs);
        let schedule = Schedule::of(vec![two, one]);
        assert_eq!((schedule.due(0), schedule.due(1)), (Some(one), Some(two)));
        assert!(!schedule.is_empty());
    }
}
