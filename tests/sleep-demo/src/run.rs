//! One server's turn: all requests sent, all answers in, everything added up.

use std::io;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::client::{self, Event, Origin};
use crate::observe::{Observed, Observer};
use crate::plan::{Kind, Load};
use crate::request::{Request, Service, thousandths};
use crate::target::Target;

/// How a server met the load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// `lesson03`, or the host and port of a URL.
    pub name: String,
    /// What serves a request there.
    pub words: String,
    /// How the server waits.
    pub kind: Kind,
    /// All requests added up.
    pub summary: Summary,
    /// How long each round took, this one among them, from the quickest to the slowest.
    pub rounds_ms: Vec<f64>,
    /// What the server needed, if we could look.
    pub observed: Option<Observed>,
    /// Every request, in the order in which they were served.
    pub requests: Vec<Request>,
}

/// All requests of a run added up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// From the first request sent to the last end.
    pub total_ms: f64,
    /// Half of the clients waited no longer than this.
    pub p50_ms: f64,
    /// 95 of 100 clients waited no longer than this.
    pub p95_ms: f64,
    /// No client waited longer than this.
    pub max_ms: f64,
    /// What a server of this kind would take if nothing but sleeping cost time.
    pub ideal_ms: f64,
    /// `total / ideal - 1`; none if a request was not served.
    pub overhead: Option<f64>,
    /// How many requests were not served.
    pub failed: usize,
}

/// A server whose turn it is.
pub struct Turn<'a> {
    /// Its name in the tables.
    pub name: &'a str,
    /// What serves a request there; to be found out if not known.
    pub words: Option<&'a str>,
    /// How it waits; to be found out if not known.
    pub kind: Option<Kind>,
    /// Where and what to ask.
    pub target: &'a Target,
    /// The process to look at, if it is one of ours.
    pub process: Option<u32>,
}

/// The requests of a turn while it goes on: what is known of each of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Lane {
    /// Its client has not begun.
    NotSent,
    /// On its way since this time.
    Sent(f64),
    /// At its end.
    Ended(Request),
}

/// How often somebody who watches is shown where things are.
const FRAME: Duration = Duration::from_millis(60);

impl Turn<'_> {
    /// Sends the load and waits for all ends. `watch` is called again and again meanwhile, with
    /// the time and all requests.
    pub fn take(&self, load: &Load, mut watch: impl FnMut(f64, &[Lane])) -> io::Result<Run> {
        let observer = self.process.map(|root| Observer::watch(root, load));
        let mut lanes = vec![Lane::NotSent; load.requests];
        let origin = Origin::now();
        let events = client::fire(self.target, load, origin)?;
        let mut next_frame = Instant::now();
        loop {
            let left = next_frame.saturating_duration_since(Instant::now());
            match events.recv_timeout(left) {
                Ok((index, Event::Sent(at))) => lanes[index] = Lane::Sent(at),
                Ok((index, Event::Ended(request))) => lanes[index] = Lane::Ended(request),
                Err(RecvTimeoutError::Timeout) => {
                    watch(origin.elapsed_ms(), &lanes);
                    next_frame = Instant::now() + FRAME;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let observed = observer.and_then(Observer::stop);
        let ended = lanes.into_iter().filter_map(|lane| match lane {
            Lane::Ended(request) => Some(request),
            Lane::NotSent | Lane::Sent(_) => None,
        });
        Ok(self.run(load, ended.collect(), observed))
    }

    fn run(&self, load: &Load, requests: Vec<Request>, observed: Option<Observed>) -> Run {
        let first = requests.iter().map(|request| request.sent_ms);
        let first = first.fold(f64::INFINITY, f64::min);
        let mut requests: Vec<_> = requests
            .into_iter()
            .map(|request| request.shifted(first))
            .collect();
        requests.sort_by(|one, other| place(one).total_cmp(&place(other)));
        let kind = self.kind.unwrap_or_else(|| kind_of(&requests));
        let summary = Summary::of(&requests, kind.ideal_ms(load));
        Run {
            name: self.name.to_owned(),
            words: self.words.map_or(kind.to_string(), str::to_owned),
            kind,
            rounds_ms: vec![summary.total_ms],
            summary,
            observed,
            requests,
        }
    }
}

/// Of several rounds of one server the one in the middle: no luck, good or bad. But a round in
/// which a request was not served is never passed over.
pub fn typical(mut rounds: Vec<Run>) -> Option<Run> {
    rounds.sort_by(|one, other| one.summary.total_ms.total_cmp(&other.summary.total_ms));
    let rounds_ms = rounds.iter().map(|run| run.summary.total_ms).collect();
    let failed = rounds.iter().position(|run| run.summary.failed > 0);
    let index = failed.unwrap_or(rounds.len() / 2);
    let run = rounds.into_iter().nth(index)?;
    Some(Run { rounds_ms, ..run })
}

/// What the order of requests goes by.
fn place(request: &Request) -> f64 {
    request
        .service()
        .map_or(request.end_ms, |service| service.from_ms)
}

impl Summary {
    fn of(requests: &[Request], ideal_ms: f64) -> Summary {
        let ends = requests.iter().map(|request| request.end_ms);
        let total_ms = ends.fold(0.0, f64::max);
        let mut latencies: Vec<_> = requests.iter().map(Request::latency_ms).collect();
        latencies.sort_by(f64::total_cmp);
        let failed = requests.iter().filter(|one| one.service().is_none());
        let failed = failed.count();
        let overhead = total_ms / ideal_ms - 1.0;
        Summary {
            total_ms,
            p50_ms: thousandths(percentile(&latencies, 50)),
            p95_ms: thousandths(percentile(&latencies, 95)),
            max_ms: thousandths(percentile(&latencies, 100)),
            ideal_ms,
            overhead: (failed == 0).then_some((overhead * 1e5).round() / 1e5),
            failed,
        }
    }
}

/// The smallest value that so many of a hundred do not exceed.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// How a server waits that we know nothing about: by how many requests it served at once.
pub fn kind_of(requests: &[Request]) -> Kind {
    let services: Vec<&Service> = requests.iter().filter_map(Request::service).collect();
    // One that ends and one that begins touch, or seem to: only the middle of each counts.
    let middle = |service: &Service| {
        let edge = (service.until_ms - service.from_ms) / 4.0;
        (service.from_ms + edge, service.until_ms - edge)
    };
    let at_once = |time: f64| {
        let inside = services.iter().filter(|service| {
            let (from, until) = middle(service);
            from <= time && time <= until
        });
        inside.count()
    };
    let starts = services.iter().map(|service| middle(service).0);
    match starts.map(at_once).max() {
        None | Some(0 | 1) => Kind::OneAtATime,
        Some(most) if most == requests.len() => Kind::Unbounded,
        Some(most) => Kind::Pool(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Outcome;

    fn served(from_ms: f64, until_ms: f64) -> Request {
        Request {
            sent_ms: 0.0,
            first_byte_ms: Some(until_ms),
            end_ms: until_ms,
            outcome: Outcome::Served(Service {
                from_ms,
                until_ms,
                told: false,
                pid: None,
                thread: None,
            }),
        }
    }

    #[test]
    fn percentiles_are_latencies_that_somebody_had() {
        let latencies: Vec<f64> = (1..=12).map(f64::from).collect();
        assert_eq!(percentile(&latencies, 50), 6.0);
        assert_eq!(percentile(&latencies, 95), 12.0);
        assert_eq!(percentile(&latencies, 100), 12.0);
        assert_eq!(percentile(&[7.0], 50), 7.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }

    #[test]
    fn the_overhead_is_what_the_total_has_over_the_ideal() {
        let requests = [served(0.0, 101.0), served(101.0, 204.0)];
        let summary = Summary::of(&requests, 200.0);
        assert_eq!((summary.total_ms, summary.overhead), (204.0, Some(0.02)));
    }

    #[test]
    fn there_is_no_overhead_where_a_request_was_not_served() {
        let mut refused = served(0.0, 3.0);
        refused.outcome = Outcome::Refused(503);
        let summary = Summary::of(&[served(0.0, 101.0), refused], 100.0);
        assert_eq!((summary.overhead, summary.failed), (None, 1));
    }

    #[test]
    fn the_typical_round_is_the_middle_one_unless_one_has_failed() {
        let round = |total_ms: f64, failed: usize| Run {
            name: String::new(),
            words: String::new(),
            kind: Kind::Unbounded,
            summary: Summary {
                failed,
                ..Summary::of(&[served(0.0, total_ms)], 100.0)
            },
            rounds_ms: vec![total_ms],
            observed: None,
            requests: Vec::new(),
        };
        let rounds = vec![round(130.0, 0), round(101.0, 0), round(102.0, 0)];
        let run = typical(rounds.clone()).unwrap();
        assert_eq!(run.summary.total_ms, 102.0);
        assert_eq!(run.rounds_ms, [101.0, 102.0, 130.0]);
        let run = typical([rounds, vec![round(99.0, 1)]].concat()).unwrap();
        assert_eq!(run.summary.failed, 1);
        assert_eq!(typical(Vec::new()), None);
    }

    #[test]
    fn the_kind_follows_from_how_many_were_served_at_once() {
        let rounds = |of: usize, count: usize| -> Vec<Request> {
            let starts = (0..count).map(|index| (index / of) as f64 * 100.0);
            // Rounds overlap a little, as they do when spans are inferred.
            starts.map(|from| served(from, from + 103.0)).collect()
        };
        assert_eq!(kind_of(&rounds(1, 6)), Kind::OneAtATime);
        assert_eq!(kind_of(&rounds(2, 6)), Kind::Pool(2));
        assert_eq!(kind_of(&rounds(6, 6)), Kind::Unbounded);
        assert_eq!(kind_of(&[]), Kind::OneAtATime);
    }
}
