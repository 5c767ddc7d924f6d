//! Time, and everything that happens by itself while it passes.

use std::time::Duration;

use super::client::Action;
use super::kernel::Kernel;
use super::record::Event;
use super::script::Reading;

/// For so long after a client has closed, nobody here has heard of it.
pub(super) const WAY: Duration = Duration::from_millis(20);

impl Kernel {
    /// Lets so much time pass, and everything happen that happens in it.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.next_event().filter(|&next| next <= end) {
            self.go_to(next);
        }
        self.go_to(end);
    }

    /// Goes on to the next thing that happens, but not beyond `end`. Tells whether one did.
    pub(crate) fn pass_to_next(&mut self, end: Duration) -> bool {
        let next = self.next_event().filter(|&next| next <= end);
        self.go_to(next.unwrap_or(end.max(self.now)));
        next.is_some()
    }

    fn go_to(&mut self, moment: Duration) {
        self.now = moment;
        self.set_house();
        self.take(true);
        self.act();
    }

    /// When something happens by itself again.
    fn next_event(&self) -> Option<Duration> {
        let client = match self.talk.actions.get(self.next_action) {
            Some(Action::Wait(time) | Action::AwaitGo(_, time)) => Some(self.since + *time),
            _ => None,
        };
        let waits = self.out.len() > self.taken;
        let takes = match self.talk.kernel.reader {
            Reading::Slowly { every, .. } if waits => {
                let ticks = self.now.as_nanos() / every.as_nanos() + 1;
                Some(every * ticks as u32)
            }
            Reading::Stalls { pause, .. } if waits => self.stalled.map(|since| since + pause),
            _ => None,
        };
        let turns = self.talk.crowded.iter().copied().chain(self.talk.stop);
        let heard = self.left.map(|left| left + WAY);
        let later = |at: &Duration| *at > self.now;
        turns
            .chain(client)
            .chain(takes)
            .chain(heard)
            .filter(later)
            .min()
    }

    /// The client takes what it takes of its answers by now.
    pub(super) fn take(&mut self, is_later: bool) {
        let all = self.out.len();
        self.taken = match self.talk.kernel.reader {
            Reading::AtOnce => all,
            Reading::Slowly { bytes, every } => {
                let is_tick = is_later && self.now.as_nanos().is_multiple_of(every.as_nanos());
                all.min(self.taken + if is_tick { bytes } else { 0 })
            }
            Reading::Stalls { behind, pause } if all > behind => {
                let since = *self.stalled.get_or_insert(self.now);
                if self.now >= since + pause {
                    all
                } else {
                    behind
                }
            }
            Reading::Stalls { .. } => all,
        };
    }

    /// The client does what it can do now.
    pub(super) fn act(&mut self) {
        while let Some(&action) = self.talk.actions.get(self.next_action) {
            if !self.is_due(action) {
                return;
            }
            self.since = match action {
                Action::Wait(time) => self.since + time,
                _ => self.now,
            };
            self.next_action += 1;
            match action {
                Action::Send(to) if !self.has_reset => self.on_its_way.push(to),
                Action::HalfClose => self.has_ended = true,
                Action::Leave => {
                    self.has_ended = true;
                    self.left = Some(self.now);
                }
                Action::Reset => {
                    self.has_reset = true;
                    self.on_its_way.clear();
                }
                _ => {}
            }
            self.note(Event::Acts(action));
        }
    }

    fn is_due(&self, action: Action) -> bool {
        let has_answers = |count: usize| {
            let end = count
                .checked_sub(1)
                .map(|last| self.reader.answers.get(last));
            end.is_none_or(|seen| {
                seen.and_then(|it| it.end)
                    .is_some_and(|at| at <= self.taken)
            })
        };
        match action {
            Action::Wait(time) => self.now >= self.since + time,
            Action::AwaitAnswers(count) => has_answers(count),
            Action::AwaitGo(number, patience) => {
                let has_go = self.reader.goes.contains(&number);
                has_go || has_answers(number + 1) || self.now >= self.since + patience
            }
            _ => true,
        }
    }
}
