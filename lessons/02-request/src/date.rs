//! What time is it? In the form that HTTP wants, at the price of one look at the clock.

// ANCHOR: imports
use chrono::DateTime;
use rustix::time::{ClockId, clock_gettime};
// ANCHOR_END: imports

// ANCHOR: date
/// A clock that tells the time as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// Formatting a date costs time, and the text changes once a second, so it is kept for as long
/// as it is true.
#[derive(Clone, Debug)]
pub struct Clock {
    now: fn() -> i64,
    second: i64,
    text: String,
}

impl Clock {
    /// A clock that asks `now` for the seconds since 1970: the kernel, or a fake in a test.
    pub fn new(now: fn() -> i64) -> Clock {
        Clock {
            now,
            second: i64::MAX, // No clock shows this, so the first question finds it wrong.
            text: String::new(),
        }
    }

    /// The current time.
    pub fn date(&mut self) -> &str {
        let second = (self.now)();
        if second != self.second {
            self.second = second;
            self.text = imf_fixdate(second);
        }
        &self.text
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new(now)
    }
}

/// The time of the kernel's last tick. That is some milliseconds ago, which no date shows, and it
/// only has to be read; the exact time would have to be found out.
#[cfg(target_os = "linux")]
const CLOCK: ClockId = ClockId::RealtimeCoarse;
#[cfg(not(target_os = "linux"))]
const CLOCK: ClockId = ClockId::Realtime;

fn now() -> i64 {
    clock_gettime(CLOCK).tv_sec
}

/// The one date form that a server may send (RFC 9110 §5.6.7).
fn imf_fixdate(second: i64) -> String {
    // Seconds that no calendar holds cannot come from a clock; they would show 1970.
    let moment = DateTime::from_timestamp(second, 0).unwrap_or_default();
    moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
// ANCHOR_END: date

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    #[test]
    fn the_date_has_the_form_of_the_rfc_and_moves_with_the_clock() {
        static SECOND: AtomicI64 = AtomicI64::new(784_111_777);
        let mut clock = Clock::new(|| SECOND.load(Ordering::Relaxed));
        assert_eq!(clock.date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(clock.date(), "Sun, 06 Nov 1994 08:49:37 GMT");
        for (second, date) in [
            (784_111_778, "Sun, 06 Nov 1994 08:49:38 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (i64::MIN, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            SECOND.store(second, Ordering::Relaxed);
            assert_eq!(clock.date(), date);
        }
    }

    /// A tick is ten at most. A virtual machine that had to wait may have missed some.
    const TICKS_MS: u64 = 100;

    #[test]
    fn a_real_clock_tells_the_time_of_now_and_does_not_stop() {
        let second_before = |ago: u64| {
            let moment = SystemTime::now() - Duration::from_millis(ago);
            let since = moment.duration_since(UNIX_EPOCH).unwrap();
            i64::try_from(since.as_secs()).unwrap()
        };
        let mut clock = Clock::default();
        let start = second_before(0);
        // Over the end of a second, so that a clock that has stopped is seen to.
        while second_before(0) < start + 2 {
            let before = second_before(TICKS_MS);
            let date = clock.date().to_owned();
            let mut possible = (before..=second_before(0)).map(imf_fixdate);
            assert!(possible.any(|one| one == date), "{date} at {before}");
        }
    }
}
