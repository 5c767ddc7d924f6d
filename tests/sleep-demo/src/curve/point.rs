//! What happened at one rate.

use std::time::Duration;

use load::{NotAsAsked, Outcome};
use serde::{Deserialize, Serialize};

/// One rate, and how long people waited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Requests that were due in each second.
    pub rate: f64,
    /// Whether the server kept up with it.
    pub standing: Standing,
    /// How many requests were due.
    pub requests: usize,
    /// Half of those who were answered waited no longer than this.
    pub p50_ms: f64,
    /// 99 of 100 of them waited no longer than this. Of less than a hundred it is the longest.
    pub p99_ms: f64,
    /// Nobody who was answered waited longer.
    pub max_ms: f64,
    /// How long they waited in the middle, for Little's law.
    pub mean_ms: f64,
    /// How many answers came in each second, from the first to the last.
    pub answers_per_second: f64,
    /// Requests without an answer that counts, by reason.
    pub errors: Vec<Errors>,
    /// How late 99 of 100 requests were sent.
    pub lateness_ms: f64,
    /// Why nothing is known about the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_as_asked: Option<String>,
}

/// Requests that failed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// The reason, in a few words.
    pub reason: String,
    /// How many.
    pub count: usize,
}

/// Whether a server keeps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As many answers come as requests, and the last ones do not wait longer than the first.
    Kept,
    /// More come than go, or some are refused.
    Fell,
    /// The client did not keep its own schedule.
    Unknown,
}

/// The last third may wait so much longer than somebody who is alone. If one request in twenty is
/// too much, a queue grows by half a service time after ten.
const GROWN: f64 = 1.5;

/// And so many milliseconds, which is nothing for anybody.
const NOTHING_MS: f64 = 2.0;

/// A part of what people wait that does not change the picture: one in so many.
pub const LITTLE: u32 = 4;

/// More errors than this share are no accident.
const ACCIDENTS: f64 = 0.01;

impl Point {
    /// A rate at which nothing has happened.
    pub fn at(rate: f64) -> Point {
        Point {
            rate,
            standing: Standing::Unknown,
            requests: 0,
            p50_ms: 0.0,
            p99_ms: 0.0,
            max_ms: 0.0,
            mean_ms: 0.0,
            answers_per_second: 0.0,
            errors: Vec::new(),
            lateness_ms: 0.0,
            not_as_asked: None,
        }
    }

    /// What a load of this rate shows. `alone_ms` is how long somebody waits who is alone.
    pub fn of(rate: f64, outcome: &Outcome, alone_ms: f64) -> Point {
        let not_as_asked = outcome.not_as_asked().filter(|why| matters(why, outcome));
        let not_as_asked = not_as_asked.map(|why| why.to_string());
        let failures = outcome.failures().into_iter();
        let mut point = Point {
            requests: outcome.records.len(),
            p50_ms: thousandths(outcome.latency(500)),
            p99_ms: thousandths(outcome.latency(990)),
            max_ms: thousandths(outcome.latency(1000)),
            mean_ms: mean_ms(outcome),
            answers_per_second: answers_per_second(outcome),
            errors: failures
                .map(|(failure, count)| Errors {
                    reason: failure.to_string(),
                    count,
                })
                .collect(),
            lateness_ms: thousandths(outcome.lateness(990)),
            ..Point::at(rate)
        };
        point.standing = match not_as_asked {
            Some(_) => Standing::Unknown,
            None if point.failed() as f64 > point.requests as f64 * ACCIDENTS => Standing::Fell,
            None if last_third_ms(outcome) > alone_ms * GROWN + NOTHING_MS => Standing::Fell,
            None => Standing::Kept,
        };
        point.not_as_asked = not_as_asked;
        point
    }

    /// How many requests had no answer that counts.
    pub fn failed(&self) -> usize {
        self.errors.iter().map(|errors| errors.count).sum()
    }

    /// How many requests were in the server in the middle, by Little's law: as many as came in the
    /// time that one of them stayed.
    pub fn inside(&self) -> f64 {
        self.answers_per_second * self.mean_ms / 1000.0
    }
}

/// Whether what the client did is to be seen in the figures. Being late by little is nothing where
/// everybody has waited for long.
fn matters(why: &NotAsAsked, outcome: &Outcome) -> bool {
    match why {
        NotAsAsked::Late(late) => *late * LITTLE > outcome.latency(500),
        NotAsAsked::Stopped | NotAsAsked::NotSent(_) => true,
    }
}

/// Microseconds are precise enough.
fn thousandths(duration: Duration) -> f64 {
    crate::request::thousandths(duration.as_secs_f64() * 1000.0)
}

fn mean_ms(outcome: &Outcome) -> f64 {
    let count = outcome.answered().count();
    let sum: Duration = outcome.answered().map(load::Record::latency).sum();
    thousandths(sum) / count.max(1) as f64
}

/// How many answers there were from the first to the last, in each second.
fn answers_per_second(outcome: &Outcome) -> f64 {
    let over: Vec<_> = outcome.answered().map(|record| record.over).collect();
    let (Some(first), Some(last)) = (over.iter().min(), over.iter().max()) else {
        return 0.0;
    };
    let gaps = over.len() - 1;
    let seconds = (*last - *first).as_secs_f64();
    match seconds > 0.0 {
        true => (gaps as f64 / seconds * 1000.0).round() / 1000.0,
        false => 0.0,
    }
}

/// The middle one of how long the last third had to wait.
fn last_third_ms(outcome: &Outcome) -> f64 {
    let answered: Vec<_> = outcome.answered().collect();
    let last = &answered[answered.len() * 2 / 3..];
    let mut waits: Vec<_> = last.iter().map(|record| record.latency()).collect();
    waits.sort();
    waits
        .get(waits.len() / 2)
        .map_or(0.0, |wait| thousandths(*wait))
}
