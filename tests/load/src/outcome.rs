//! What became of all requests.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::{Failure, Record};

/// What became of a load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Every request, in the order in which they were due.
    pub records: Vec<Record>,
    /// How late 99 of 100 requests might be sent.
    pub tolerance: Duration,
    /// Whether somebody stopped it before its end.
    pub stopped: bool,
}

/// Why the load was not the one that was asked for, so that its figures say nothing about the
/// server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsAsked {
    /// It was stopped before its end.
    Stopped,
    /// So many requests were never sent.
    NotSent(usize),
    /// Too many requests were sent too late: the 99th of 100 by this much.
    Late(Duration),
}

impl Outcome {
    /// How long so many parts in a thousand of those who got an answer did not have to wait
    /// longer: 990 for p99, 1000 for the longest. Zero if nobody got any.
    pub fn latency(&self, permille: usize) -> Duration {
        ranked(self.answered().map(Record::latency), permille)
    }

    /// The same for how late requests were sent.
    pub fn lateness(&self, permille: usize) -> Duration {
        ranked(self.records.iter().filter_map(Record::lateness), permille)
    }

    /// The requests that were answered.
    pub fn answered(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.result.is_ok())
    }

    /// The requests that failed, each with its reason; the moments are in the records.
    pub fn failed(&self) -> impl Iterator<Item = (&Record, Failure)> {
        let records = self.records.iter();
        records.filter_map(|record| Some((record, record.result.err()?)))
    }

    /// How many failed for each reason.
    pub fn failures(&self) -> BTreeMap<Failure, usize> {
        let mut counts = BTreeMap::new();
        for (_, failure) in self.failed() {
            *counts.entry(failure).or_default() += 1;
        }
        counts
    }

    /// Why this was not the load that was asked for. `None`: it was.
    pub fn not_as_asked(&self) -> Option<NotAsAsked> {
        if self.stopped {
            return Some(NotAsAsked::Stopped);
        }
        let not_sent = self.failures().get(&Failure::NotSent).copied();
        if let Some(count) = not_sent {
            return Some(NotAsAsked::NotSent(count));
        }
        let late = self.lateness(990);
        (late > self.tolerance).then_some(NotAsAsked::Late(late))
    }
}

/// The smallest of the values that so many parts in a thousand do not exceed.
fn ranked(values: impl Iterator<Item = Duration>, permille: usize) -> Duration {
    let mut values: Vec<Duration> = values.collect();
    values.sort();
    let rank = (values.len() * permille.min(1000)).div_ceil(1000);
    values
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

impl fmt::Display for NotAsAsked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAsAsked::Stopped => write!(out, "it was stopped"),
            NotAsAsked::NotSent(count) => {
                write!(
                    out,
                    "{count} requests were never sent, too many were waiting"
                )
            }
            NotAsAsked::Late(late) => write!(
                out,
                "this machine was too busy to keep the schedule, by {} ms",
                late.as_millis()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn record(due: u32, late: u32, took: u32, result: Result<u16, Failure>) -> Record {
        Record {
            due: MS * due,
            sent: Some(MS * (due + late)),
            over: MS * (due + took),
            result,
            answer: Vec::new(),
        }
    }

    fn outcome(records: Vec<Record>) -> Outcome {
        Outcome {
            records,
            tolerance: MS * 5,
            stopped: false,
        }
    }

    #[test]
    fn latencies_are_counted_from_when_requests_were_due() {
        let records = (1..=200).map(|took| record(took, took.min(5), took, Ok(200)));
        let outcome = outcome(records.collect());
        let latency = |permille| outcome.latency(permille).as_millis();
        assert_eq!((latency(0), latency(500), latency(990)), (1, 100, 198));
        assert_eq!((latency(1000), outcome.not_as_asked()), (200, None));
    }

    #[test]
    fn errors_are_counted_by_reason_and_are_no_latencies() {
        let refused = Err(Failure::Refused);
        let outcome = outcome(vec![
            record(0, 0, 10, Ok(200)),
            record(1, 0, 1, refused),
            record(2, 0, 1, Err(Failure::Status(503))),
            record(3, 0, 1, refused),
        ]);
        assert_eq!(outcome.latency(0), MS * 10);
        let failures: Vec<_> = outcome.failures().into_iter().collect();
        assert_eq!(failures, [(Failure::Refused, 2), (Failure::Status(503), 1)]);
        let moments: Vec<_> = outcome.failed().map(|(record, _)| record.over).collect();
        assert_eq!(moments, [MS * 2, MS * 3, MS * 4]);
    }

    #[test]
    fn a_load_that_was_not_the_one_asked_for_says_so() {
        let late: Vec<Record> = (0..100)
            .map(|due| record(due, due / 10, 20, Ok(200)))
            .collect();
        let mut outcome = outcome(late);
        assert_eq!(outcome.not_as_asked(), Some(NotAsAsked::Late(MS * 9)));
        outcome.records[7].result = Err(Failure::NotSent);
        assert_eq!(outcome.not_as_asked(), Some(NotAsAsked::NotSent(1)));
        outcome.stopped = true;
        assert_eq!(outcome.not_as_asked(), Some(NotAsAsked::Stopped));
    }

    #[test]
    fn nobody_who_asked_is_no_latency() {
        assert_eq!(outcome(Vec::new()).latency(990), Duration::ZERO);
    }
}
