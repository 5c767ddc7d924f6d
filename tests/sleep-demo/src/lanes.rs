//! A run as a picture: one lane for each request, in the order of being served.
//!
//! Terminal and drawings show the same picture, each in its way.

use crate::request::{Outcome, Request, Service};
use crate::run::Lane;

/// What a lane shows, from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// When the request was sent; before that the lane is empty.
    pub sent_ms: f64,
    /// From when to when it was being served, if it was.
    pub served_ms: Option<(f64, f64)>,
    /// When it ended, or now.
    pub end_ms: f64,
    /// Who served it, or what went wrong.
    pub label: String,
    /// Where it is.
    pub state: State,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is no answer yet.
    Waiting,
    /// It was served.
    Served,
    /// It was not.
    Failed,
}

/// The strips of requests that have all ended, in their order.
pub fn of_run(requests: &[Request]) -> Vec<Strip> {
    let by_process = served_by_processes(requests.iter());
    requests.iter().map(|one| strip(one, by_process)).collect()
}

/// The strips while requests are on their way: first those that ended, in the order of being
/// served, then the others.
pub fn of_turn(now_ms: f64, lanes: &[Lane]) -> Vec<Strip> {
    let ended = lanes.iter().filter_map(|lane| match lane {
        Lane::Ended(request) => Some(request),
        _ => None,
    });
    let by_process = served_by_processes(ended);
    let mut strips: Vec<Strip> = lanes
        .iter()
        .map(|lane| match lane {
            Lane::Ended(request) => strip(request, by_process),
            Lane::Sent(at) => Strip::waiting(*at, now_ms),
            Lane::NotSent => Strip::waiting(now_ms, now_ms),
        })
        .collect();
    strips.sort_by(|one, other| one.place().total_cmp(&other.place()));
    strips
}

/// Whether the process tells the workers apart, and not the thread.
fn served_by_processes<'a>(requests: impl Iterator<Item = &'a Request>) -> bool {
    let mut pids = requests
        .filter_map(Request::service)
        .filter_map(|service| service.pid);
    let first = pids.next();
    pids.any(|pid| Some(pid) != first)
}

fn strip(request: &Request, by_process: bool) -> Strip {
    let (served_ms, label, state) = match &request.outcome {
        Outcome::Served(service) => (
            Some((service.from_ms, service.until_ms)),
            worker(service, by_process),
            State::Served,
        ),
        Outcome::Refused(status) => (None, status.to_string(), State::Failed),
        Outcome::Failed(reason) => (None, reason.clone(), State::Failed),
    };
    Strip {
        sent_ms: request.sent_ms,
        served_ms,
        end_ms: request.end_ms,
        label,
        state,
    }
}

fn worker(service: &Service, by_process: bool) -> String {
    match (service.pid, &service.thread) {
        (Some(pid), _) if by_process => format!("pid {pid}"),
        // A thread may be named after its client, and those differ in their ports.
        (_, Some(thread)) => thread.replace("127.0.0.1:", ":"),
        (Some(pid), None) => format!("pid {pid}"),
        (None, None) => String::new(),
    }
}

impl Strip {
    fn waiting(sent_ms: f64, now_ms: f64) -> Strip {
        Strip {
            sent_ms,
            served_ms: None,
            end_ms: now_ms,
            label: String::new(),
            state: State::Waiting,
        }
    }

    fn place(&self) -> f64 {
        match (self.state, self.served_ms) {
            (State::Waiting, _) => f64::INFINITY,
            (_, Some((from, _))) => from,
            (_, None) => self.end_ms,
        }
    }
}

/// Marks on the axis of time: multiples of the sleep, with room for a label between two of them.
pub fn marks(sleep_ms: f64, scale_ms: f64, most: usize) -> Vec<f64> {
    let sleeps = scale_ms / sleep_ms;
    let steps = [
        1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0,
    ];
    let step = steps
        .into_iter()
        // A little over the ideal is no reason for fewer marks.
        .find(|step| sleeps / step <= most as f64 * 1.02)
        .unwrap_or(sleeps);
    let marks = (0..).map(|index| f64::from(index) * step * sleep_ms);
    // The last sleep ends a little later than its mark.
    marks.take_while(|mark| *mark <= scale_ms * 1.001).collect()
}

/// `0.5 s`, `2 s`, `6.01 s`: as many digits as say something.
pub fn seconds(milliseconds: f64) -> String {
    let digits = format!("{:.2}", milliseconds / 1000.0);
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    format!("{digits} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(from_ms: f64, pid: u64) -> Lane {
        Lane::Ended(Request {
            sent_ms: 0.0,
            first_byte_ms: None,
            end_ms: from_ms + 100.0,
            outcome: Outcome::Served(Service {
                from_ms,
                until_ms: from_ms + 100.0,
                told: true,
                pid: Some(pid),
                thread: Some("main".to_owned()),
            }),
        })
    }

    #[test]
    fn answered_requests_stand_first_in_the_order_of_being_served() {
        let lanes = [
            Lane::Sent(1.0),
            ended(100.0, 7),
            Lane::NotSent,
            ended(0.0, 7),
        ];
        let strips = of_turn(250.0, &lanes);
        let starts: Vec<_> = strips.iter().map(|strip| strip.served_ms).collect();
        assert_eq!(
            starts,
            [Some((0.0, 100.0)), Some((100.0, 200.0)), None, None]
        );
        assert_eq!((strips[2].sent_ms, strips[2].end_ms), (1.0, 250.0));
    }

    #[test]
    fn workers_are_named_by_what_tells_them_apart() {
        let label = |lanes: &[Lane]| of_turn(300.0, lanes)[0].label.clone();
        assert_eq!(label(&[ended(0.0, 7), ended(1.0, 7)]), "main");
        assert_eq!(label(&[ended(0.0, 7), ended(1.0, 8)]), "pid 7");
    }

    #[test]
    fn marks_are_multiples_of_the_sleep_and_not_too_many() {
        assert_eq!(marks(500.0, 500.3, 6), [0.0, 500.0]);
        assert_eq!(
            marks(500.0, 6010.0, 6),
            [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0]
        );
        assert_eq!(marks(500.0, 6010.0, 4).len(), 5);
        assert!(marks(1.0, 1_000_000.0, 6).len() <= 7);
    }

    #[test]
    fn seconds_have_no_digits_that_say_nothing() {
        assert_eq!(seconds(0.0), "0 s");
        assert_eq!(seconds(500.0), "0.5 s");
        assert_eq!(seconds(6012.0), "6.01 s");
        assert_eq!(seconds(20_000.0), "20 s");
    }
}
