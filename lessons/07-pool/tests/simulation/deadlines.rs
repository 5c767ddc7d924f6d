//! Whether everybody was waited for exactly as long as was agreed.

use std::time::Duration;

use super::facts::Facts;
use super::judge::{Finding, Promise};
use super::kernel::Kernel;
use super::record::{Entry, Event};

/// What the server waits for, as a stopwatch beside it sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Quiet,
    Head,
    Body,
}

/// A stopwatch that knows nothing of the server but the agreement.
struct Stopwatch<'k> {
    kernel: &'k Kernel,
    /// Requests that are answered and over.
    concluded: usize,
    concluded_at: Duration,
    /// When each answer was whole.
    complete_at: Vec<Duration>,
    /// How much had come, and when.
    arrivals: Vec<(usize, Duration)>,
    /// The last time that an application did something.
    played_at: Duration,
    /// Who sends its body, for how long it has been waited for, and what came meanwhile.
    waited: Duration,
    received: u64,
    waiting: Option<Wait>,
    /// When the time was up.
    rang: Option<Duration>,
    in_call: bool,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    phase: Phase,
    since: Duration,
    until: Duration,
}

pub(crate) fn deadlines_are_kept(kernel: &Kernel, _facts: &Facts) -> Result<(), Finding> {
    let mut watch = Stopwatch {
        kernel,
        concluded: 0,
        concluded_at: Duration::ZERO,
        complete_at: Vec::new(),
        arrivals: Vec::new(),
        played_at: Duration::ZERO,
        waited: Duration::ZERO,
        received: 0,
        waiting: None,
        rang: None,
        in_call: false,
    };
    let happened = |entry: &&Entry| !matches!(entry.event, Event::Acts(_));
    for entry in kernel.record.iter().filter(happened) {
        watch.see(entry).map_err(|what| {
            let (number, at) = (watch.concluded, entry.at);
            Promise::DeadlineIsKept.broken(format!("request {number}, {at:?}: {what}"))
        })?;
    }
    Ok(())
}

impl Stopwatch<'_> {
    fn see(&mut self, entry: &Entry) -> Result<(), String> {
        if let Some(rang) = self.rang.take()
            && entry.at != rang
            && !self.in_call
        {
            return Err(format!("the time was up at {rang:?}, and nothing was done"));
        }
        while self.complete_at.len() < entry.complete {
            self.complete_at.push(entry.at);
        }
        self.end_wait(entry)?;
        match entry.event {
            Event::Waits(until) => self.begin_wait(entry, until)?,
            Event::Came(_) => self.arrivals.push((entry.came, entry.at)),
            Event::Called(_) => self.in_call = true,
            Event::Returned(..) | Event::Fails(..) => self.in_call = false,
            Event::TimedOut => self.rang = Some(entry.at),
            _ => {}
        }
        if matches!(
            entry.event,
            Event::Returned(..)
                | Event::Fails(..)
                | Event::Made(..)
                | Event::Exhausted(_)
                | Event::Dropped(_)
        ) {
            self.played_at = entry.at;
        }
        Ok(())
    }

    fn end_wait(&mut self, entry: &Entry) -> Result<(), String> {
        let Some(wait) = self.waiting.take() else {
            return Ok(());
        };
        let latest = wait.until.max(wait.since);
        if entry.at > latest {
            return Err(format!("{:?} should have ended at {latest:?}", wait.phase));
        }
        if entry.event == Event::TimedOut && entry.at != latest && !self.is_last_moment(wait, entry)
        {
            return Err(format!(
                "{:?} could have lasted until {latest:?}",
                wait.phase
            ));
        }
        if wait.phase == Phase::Body {
            self.waited += entry.at - wait.since;
            if let Event::Came(count) = entry.event {
                self.received += count as u64;
            }
        }
        Ok(())
    }

    /// Whether this is where a stop ends the wait of somebody who has asked for nothing.
    fn is_last_moment(&self, wait: Wait, entry: &Entry) -> bool {
        let stop = self.kernel.talk.stop.filter(|_| wait.phase == Phase::Quiet);
        stop.is_some_and(|stop| {
            let last = stop.max(wait.since) + self.kernel.last_moment();
            entry.at == last.min(wait.until).max(wait.since)
        })
    }

    /// Whether a stop that has come gives so much time, and no more, to somebody who has asked for
    /// nothing. It may have been noticed at any moment since.
    fn is_shortened(&self, phase: Phase, until: Duration, now: Duration) -> bool {
        let stop = self.kernel.talk.stop.filter(|_| phase == Phase::Quiet);
        let last_moment = self.kernel.last_moment();
        stop.is_some_and(|stop| {
            stop <= now && (stop + last_moment..=now + last_moment).contains(&until)
        })
    }

    fn begin_wait(&mut self, entry: &Entry, until: Duration) -> Result<(), String> {
        self.conclude(entry.came);
        let rules = &self.kernel.rules;
        let phase = self.phase(entry.came);
        let expected = match phase {
            Phase::Quiet if self.concluded > 0 => self.concluded_at + rules.keep_alive,
            Phase::Head if self.concluded > 0 => {
                let start = self.kernel.talk.requests[self.concluded].start;
                self.concluded_at.max(self.came_at(start + 1)) + rules.head_timeout
            }
            Phase::Quiet | Phase::Head => rules.head_timeout,
            Phase::Body => {
                let pace = Duration::from_millis(self.received * 1000 / rules.bytes_per_second);
                entry.at + (rules.grace + pace).saturating_sub(self.waited)
            }
        };
        if until != expected && !self.is_shortened(phase, until.min(expected), entry.at) {
            return Err(format!(
                "{phase:?} until {until:?}, but {expected:?} was agreed"
            ));
        }
        let since = entry.at;
        self.waiting = Some(Wait {
            phase,
            since,
            until,
        });
        Ok(())
    }

    /// Counts the requests that are answered and have come as a whole.
    fn conclude(&mut self, came: usize) {
        while let Some(&complete_at) = self.complete_at.get(self.concluded) {
            let end = self.kernel.talk.requests[self.concluded].body_end;
            if end > came {
                return;
            }
            let over = complete_at.max(self.came_at(end)).max(self.played_at);
            self.concluded_at = over.max(self.concluded_at);
            self.concluded += 1;
            (self.waited, self.received) = (Duration::ZERO, 0);
        }
    }

    fn phase(&self, came: usize) -> Phase {
        match self.kernel.talk.requests.get(self.concluded) {
            Some(asked) if came > asked.start && came < asked.head_end => Phase::Head,
            Some(asked) if came >= asked.head_end => Phase::Body,
            _ => Phase::Quiet,
        }
    }

    /// When the bytes up to this offset had come.
    fn came_at(&self, offset: usize) -> Duration {
        let arrival = self.arrivals.iter().find(|(came, _)| *came >= offset);
        arrival.map_or(Duration::ZERO, |(_, at)| *at)
    }
}
