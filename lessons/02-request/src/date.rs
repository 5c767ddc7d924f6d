//! What time is it? In the form that HTTP wants, at the price of one look at the clock.

// ANCHOR: imports
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;
// ANCHOR_END: imports

// ANCHOR: date
/// A clock that tells the time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// Formatting a date costs time, and the text changes once a second, so it is kept for as long
/// as it is true.
#[derive(Clone, Debug)]
pub struct Clock {
    now: fn() -> SystemTime,
    second: u64,
    text: String,
}

impl Clock {
    /// A clock that asks `now`: [`SystemTime::now`], or a fake in a test.
    pub fn new(now: fn() -> SystemTime) -> Clock {
        Clock {
            now,
            second: u64::MAX, // No clock shows this, so the first question finds it wrong.
            text: String::new(),
        }
    }

    /// The current time.
    pub fn date(&mut self) -> &str {
        // A clock set before 1970 shows 1970: wrong, but no reason to stop serving.
        let second = (self.now)()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        if second != self.second {
            self.second = second;
            self.text = imf_fixdate(second);
        }
        &self.text
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new(SystemTime::now)
    }
}

/// The one date form that a server may send (RFC 9110 §5.6.7).
fn imf_fixdate(second: u64) -> String {
    // Seconds that no calendar holds cannot come from a clock; they would show 1970.
    let moment = i64::try_from(second)
        .ok()
        .and_then(|second| DateTime::from_timestamp(second, 0));
    moment
        .unwrap_or_default()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}
// ANCHOR_END: date

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    #[test]
    fn the_date_has_the_form_of_the_rfc_and_moves_with_the_clock() {
        static SECOND: AtomicU64 = AtomicU64::new(784_111_777);
        fn now() -> SystemTime {
            UNIX_EPOCH + Duration::from_secs(SECOND.load(Ordering::Relaxed))
        }
        let mut clock = Clock::new(now);
        assert_eq!(clock.date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(clock.date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        SECOND.store(784_111_778, Ordering::Relaxed);
        assert_eq!(clock.date(), "Sun, 06 Nov 1994 08:49:38 GMT");
        SECOND.store(0, Ordering::Relaxed);
        assert_eq!(clock.date(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn a_real_clock_tells_the_time_of_now_and_does_not_stop() {
        let second = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.unwrap().as_secs()
        };
        let mut clock = Clock::default();
        let start = second();
        // Over the end of a second, so that a clock that has stopped is seen to.
        while second() < start + 2 {
            let before = second();
            let date = clock.date().to_owned();
            let mut possible = (before..=second()).map(imf_fixdate);
            assert!(possible.any(|one| one == date), "{date} at {before}");
        }
    }
}
