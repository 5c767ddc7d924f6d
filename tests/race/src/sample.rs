//! One round in figures, and the rows of a table from the rounds.

use std::time::{Duration, Instant};

use crate::client::Load;
use crate::processor::{Tree, busy};
use crate::report::{Row, Spread};

/// What one round with one server showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    /// Whole, successful answers.
    pub requests: u64,
    /// Requests without one.
    pub errors: u64,
    /// Requests in a second.
    pub per_second: f64,
    /// Processor time of the server for each request, in microseconds.
    pub cpu: Option<f64>,
    /// Half of the answers took no longer, in microseconds.
    pub p50: f64,
    /// All but one in a hundred took no longer, in microseconds.
    pub p99: f64,
    /// The share of the two cores that others have used.
    pub others: f64,
}

impl Sample {
    /// What a load and the server's processor time say.
    pub(crate) fn of(load: &Load, spent: Option<Duration>, others: f64) -> Sample {
        let microseconds = |duration: Duration| duration.as_secs_f64() * 1e6;
        let requests = load.requests as f64;
        // Less than a tick of the kernel's clock is no measurement.
        let spent = spent.filter(|spent| !spent.is_zero());
        Sample {
            requests: load.requests,
            errors: load.errors,
            per_second: requests / load.elapsed.as_secs_f64(),
            cpu: spent.map(|spent| microseconds(spent) / requests),
            p50: microseconds(load.latencies.permille(500)),
            p99: microseconds(load.latencies.permille(990)),
            others,
        }
    }
}

/// What the two cores did that was not for us.
pub(crate) struct Others {
    ours: Tree,
    before: Duration,
    since: Instant,
}

impl Others {
    /// Begins to watch. `server` may have been started by somebody else.
    pub(crate) fn now(server: Option<&Tree>) -> Others {
        let ours = Tree::ours_and(server);
        Others {
            before: busy().saturating_sub(ours.spent()),
            ours,
            since: Instant::now(),
        }
    }

    /// As a share of the time since, from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        let now = busy().saturating_sub(self.ours.spent());
        let theirs = now.saturating_sub(self.before).as_secs_f64();
        (theirs / self.since.elapsed().as_secs_f64() / 2.0).min(1.0)
    }
}

/// A server's row: each round compared with the limit's round after it.
pub(crate) fn compared(name: &str, pairs: &[(Sample, Sample)]) -> Row {
    let ratios = pairs
        .iter()
        .map(|(server, limit)| Some(limit.cpu? / server.cpu?));
    let ratios: Option<Vec<f64>> = ratios.collect();
    let samples: Vec<Sample> = pairs.iter().map(|&(server, _)| server).collect();
    row(name, &samples, ratios.as_deref().map(Spread::of))
}

/// The row of a server, or of the limit.
pub(crate) fn row(name: &str, samples: &[Sample], ratio: Option<Spread>) -> Row {
    let spread = |value: fn(&Sample) -> f64| {
        let values: Vec<f64> = samples.iter().map(value).collect();
        Spread::of(&values)
    };
    let cpu: Option<Vec<f64>> = samples.iter().map(|sample| sample.cpu).collect();
    Row {
        name: name.to_owned(),
        ratio,
        cpu_us: cpu.as_deref().map(Spread::of),
        per_second: spread(|sample| sample.per_second),
        p50_us: spread(|sample| sample.p50),
        p99_us: spread(|sample| sample.p99),
        requests: samples.iter().map(|sample| sample.requests).sum(),
        errors: samples.iter().map(|sample| sample.errors).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(cpu: f64) -> Sample {
        Sample {
            requests: 10,
            errors: 1,
            per_second: 100.0,
            cpu: Some(cpu),
            p50: 1.0,
            p99: 2.0,
            others: 0.0,
        }
    }

    #[test]
    fn each_round_is_compared_with_the_limits_round_beside_it() {
        let pairs = [(10.0, 5.0), (40.0, 30.0), (10.0, 9.0)];
        let row = compared(
            "it",
            &pairs.map(|(server, limit)| (sample(server), sample(limit))),
        );
        let ratio = row.ratio.unwrap();
        assert_eq!((ratio.min, ratio.median, ratio.max), (0.5, 0.75, 0.9));
        assert_eq!((row.requests, row.errors), (30, 3));
    }

    #[test]
    fn less_than_a_tick_is_no_measurement() {
        let cpu = |spent| Sample::of(&Load::default(), Some(spent), 0.0).cpu;
        assert!(cpu(Duration::ZERO).is_none() && cpu(Duration::from_millis(10)).is_some());
    }

    #[test]
    fn a_server_whose_processes_cannot_be_seen_has_no_ratio() {
        let unseen = Sample {
            cpu: None,
            ..sample(1.0)
        };
        let row = compared("it", &[(unseen, sample(1.0)), (sample(1.0), sample(1.0))]);
        assert!(row.ratio.is_none() && row.cpu_us.is_none());
    }
}
