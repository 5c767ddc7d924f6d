//! What became of all requests, in numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::stamp::Stamp;
use load::Outcome;
use serde::{Deserialize, Serialize};

use crate::cells::{Cell, add, milliseconds};
use crate::scene::{Scene, Seen};

/// The whole run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Where it was made.
    pub stamp: Stamp,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// The scenes, in their order.
    pub acts: Vec<Act>,
}

/// One scene.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Act {
    /// What happened.
    pub name: String,
    /// Moments in milliseconds, each with what happened then.
    pub notes: Vec<(u64, String)>,
    /// One for each 100 ms.
    pub cells: Vec<Cell>,
    /// Requests that may be repeated.
    pub get: Count,
    /// Requests that may not.
    pub post: Count,
    /// Why the load was not quite the one that was asked for.
    pub remark: Option<String>,
}

/// What became of the requests of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many there were.
    pub requests: usize,
    /// How many were lost.
    pub lost: usize,
    /// For each reason, how many.
    pub reasons: BTreeMap<String, usize>,
    /// The longest time in which none was answered, in milliseconds.
    pub longest_gap_ms: u64,
    /// The slowest answer, in milliseconds.
    pub slowest_ms: u64,
}

impl Act {
    /// What was seen, in numbers.
    pub fn of(scene: Scene, seen: &Seen) -> Act {
        let records = seen.get.records.iter().chain(&seen.post.records);
        let mut cells = Vec::new();
        records.for_each(|record| add(record, &mut cells));
        let remark = seen.get.not_as_asked().or(seen.post.not_as_asked());
        let notes = seen.notes.iter();
        Act {
            name: scene.name().to_owned(),
            notes: notes
                .map(|(at, text)| (milliseconds(*at), text.clone()))
                .collect(),
            cells,
            get: Count::of(&seen.get),
            post: Count::of(&seen.post),
            remark: remark.map(|remark| remark.to_string()),
        }
    }
}

impl Count {
    fn of(outcome: &Outcome) -> Count {
        let reasons = outcome.failures();
        Count {
            requests: outcome.records.len(),
            lost: outcome.failed().count(),
            reasons: reasons
                .into_iter()
                .map(|(failure, count)| (failure.to_string(), count))
                .collect(),
            longest_gap_ms: milliseconds(longest_gap(outcome)),
            slowest_ms: milliseconds(outcome.latency(1000)),
        }
    }
}

/// The longest time between two answers.
fn longest_gap(outcome: &Outcome) -> Duration {
    let mut answers: Vec<Duration> = outcome.answered().map(|record| record.over).collect();
    answers.sort();
    let gaps = answers.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use load::{Failure, Record};

    fn record(due: u64, over: u64, result: Result<u16, Failure>, machine: &str) -> Record {
        Record {
            due: Duration::from_millis(due),
            sent: Some(Duration::from_millis(due)),
            over: Duration::from_millis(over),
            result,
            answer: format!("HTTP/1.1 200 OK\r\nx-machine: {machine}\r\n\r\nbody").into_bytes(),
        }
    }

    fn outcome(records: Vec<Record>) -> Outcome {
        Outcome {
            records,
            tolerance: Duration::from_secs(1),
            stopped: false,
        }
    }

    #[test]
    fn requests_are_counted_where_they_were_due_and_by_who_has_answered() {
        let seen = Seen {
            notes: vec![(Duration::from_millis(70), "something".to_owned())],
            get: outcome(vec![
                record(0, 20, Ok(200), "one"),
                record(50, 80, Ok(200), "three"),
                record(150, 2150, Ok(200), "two"),
            ]),
            post: outcome(vec![
                record(10, 30, Ok(200), "one"),
                record(120, 130, Err(Failure::Status(502)), "nobody"),
            ]),
        };
        let act = Act::of(Scene::Kill, &seen);
        let cell = |answered, lost| Cell { answered, lost };
        assert_eq!(act.cells, [cell([2, 0, 1], 0), cell([0, 1, 0], 1)]);
        assert_eq!(act.notes, [(70, "something".to_owned())]);
        assert_eq!((act.get.requests, act.get.lost), (3, 0));
        assert_eq!((act.get.longest_gap_ms, act.get.slowest_ms), (2070, 2000));
        assert_eq!((act.post.requests, act.post.lost), (2, 1));
        assert_eq!(act.post.reasons, BTreeMap::from([("502".to_owned(), 1)]));
    }
}
