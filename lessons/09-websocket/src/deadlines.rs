//! Whose time is up, and when the next one's will be.

// ANCHOR: imports
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::places::Token;
// ANCHOR_END: imports

// ANCHOR: deadlines
/// Alarms, the earliest first.
///
/// Nearly every deadline is moved before it is reached: with each request a connection gets a new
/// one. To move it in here each time would be most of the work. So an alarm stays where it is when
/// its deadline moves to a later moment; it goes off too early, and is set again.
#[derive(Debug, Default)]
pub struct Deadlines {
    alarms: BinaryHeap<Reverse<(Instant, Token)>>,
}

/// When somebody's alarm goes off, if it is set.
pub type Alarm = Option<Instant>;

impl Deadlines {
    /// Sees to it that an alarm goes off at `deadline`, or before. `alarm` is the one that is set.
    pub fn set(&mut self, alarm: &mut Alarm, deadline: Instant, token: Token) {
        if alarm.is_none_or(|alarm| deadline < alarm) {
            *alarm = Some(deadline);
            self.alarms.push(Reverse((deadline, token)));
        }
    }

    /// When the next alarm goes off.
    pub fn next(&self) -> Alarm {
        self.alarms.peek().map(|Reverse((time, _))| *time)
    }

    /// How many alarms are set, those of guests who have left among them.
    pub fn count(&self) -> usize {
        self.alarms.len()
    }

    /// Forgets the alarms that nobody needs any more.
    pub fn retain(&mut self, mut is_needed: impl FnMut(Instant, Token) -> bool) {
        self.alarms
            .retain(|Reverse((time, token))| is_needed(*time, *token));
    }

    /// An alarm that is due, and whose. Somebody may have left, or have set an earlier one since.
    pub fn due(&mut self, now: Instant) -> Option<(Instant, Token)> {
        if self.next()? > now {
            return None;
        }
        self.alarms.pop().map(|Reverse(alarm)| alarm)
    }
}
// ANCHOR_END: deadlines

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn alarms_that_nobody_needs_can_be_forgotten() {
        let (now, mut deadlines) = (Instant::now(), Deadlines::default());
        for number in 0..100 {
            deadlines.set(&mut None, now, Token::special(number));
        }
        deadlines.retain(|time, token| time == now && token == Token::special(7));
        assert_eq!(deadlines.count(), 1);
        assert_eq!(deadlines.due(now), Some((now, Token::special(7))));
    }

    #[test]
    fn a_deadline_that_moves_to_later_costs_nothing_and_one_that_moves_to_earlier_is_heard() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let (mut deadlines, token) = (Deadlines::default(), Token::special(1));
        let mut alarm = None;
        for later in 2..1000 {
            deadlines.set(&mut alarm, start + second * later, token);
        }
        assert_eq!(deadlines.alarms.len(), 1);
        assert_eq!(alarm, Some(start + second * 2));
        deadlines.set(&mut alarm, start + second, token);
        assert_eq!(deadlines.due(start), None);
        assert_eq!(deadlines.due(start + second), Some((start + second, token)));
        assert_eq!(deadlines.next(), Some(start + second * 2));
    }
}
