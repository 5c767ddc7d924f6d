//! One request: when it was sent, when and by whom it was served, when it ended.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The life of one request. Times are in milliseconds since the first one was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// When its client began to connect.
    pub sent_ms: f64,
    /// When the first byte of an answer came.
    pub first_byte_ms: Option<f64>,
    /// When the answer was whole, or the client had to give up.
    pub end_ms: f64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was served.
    Served(Service),
    /// Another status than 200, such as the 503 of a server that has too much to do.
    Refused(u16),
    /// No answer, and why.
    Failed(String),
}

/// When a request was being served, and by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// When the application began.
    pub from_ms: f64,
    /// When the application was done.
    pub until_ms: f64,
    /// Whether the server told these times. Otherwise they follow from the end and the sleep.
    pub told: bool,
    /// The process.
    pub pid: Option<u64>,
    /// The thread in it.
    pub thread: Option<String>,
}

/// What the client saw of a request that got a 200, before it is known when it was served.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// When it was sent.
    pub sent_ms: f64,
    /// When its answer was whole.
    pub end_ms: f64,
    /// How long it was to sleep.
    pub sleep_ms: f64,
    /// Where these times start, in milliseconds of Unix time.
    pub origin_unix_ms: f64,
}

impl Seen {
    /// When and by whom the request was served, according to the answer's body if possible.
    pub fn service(&self, body: &[u8]) -> Service {
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        let span = self.told_span(&told);
        let (from_ms, until_ms) = span.unwrap_or_else(|| self.inferred_span());
        Service {
            from_ms,
            until_ms,
            told: span.is_some(),
            pid: told["pid"].as_u64(),
            thread: match &told["thread"] {
                Value::String(name) => Some(name.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            },
        }
    }

    /// What the server says, unless its clock is not ours.
    fn told_span(&self, told: &Value) -> Option<(f64, f64)> {
        /// The system's clock may be set while we measure.
        const TOLERANCE_MS: f64 = 10.0;
        let from = told["started_ms"].as_f64()? - self.origin_unix_ms;
        let until = told["finished_ms"].as_f64()? - self.origin_unix_ms;
        let plausible = self.sent_ms - TOLERANCE_MS <= from
            && from <= until
            && until <= self.end_ms + TOLERANCE_MS;
        let within = |time: f64| time.clamp(self.sent_ms, self.end_ms);
        plausible.then(|| (within(from), within(until)))
    }

    /// A server answers when it has slept, so it began one sleep before the end.
    fn inferred_span(&self) -> (f64, f64) {
        let from = self.end_ms - self.sleep_ms;
        (from.max(self.sent_ms), self.end_ms)
    }
}

impl Request {
    /// When and by whom it was served, if it was.
    pub fn service(&self) -> Option<&Service> {
        match &self.outcome {
            Outcome::Served(service) => Some(service),
            _ => None,
        }
    }

    /// How long its client waited.
    pub fn latency_ms(&self) -> f64 {
        self.end_ms - self.sent_ms
    }

    /// The same with another time called zero.
    pub fn shifted(mut self, by_ms: f64) -> Request {
        let shift = |time: &mut f64| *time = thousandths(*time - by_ms);
        shift(&mut self.sent_ms);
        shift(&mut self.end_ms);
        self.first_byte_ms.iter_mut().for_each(shift);
        if let Outcome::Served(service) = &mut self.outcome {
            shift(&mut service.from_ms);
            shift(&mut service.until_ms);
        }
        self
    }
}

/// Microseconds are precise enough, and shorter to write.
pub fn thousandths(milliseconds: f64) -> f64 {
    (milliseconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Seen = Seen {
        sent_ms: 2.0,
        end_ms: 900.0,
        sleep_ms: 500.0,
        origin_unix_ms: 1_700_000_000_000.0,
    };

    #[test]
    fn the_answer_tells_who_served_it_and_when() {
        let body = br#"{"pid": 7, "thread": "worker-1",
                        "started_ms": 1700000000398.5, "finished_ms": 1700000000898.5}"#;
        let service = SEEN.service(body);
        assert_eq!((service.from_ms, service.until_ms), (398.5, 898.5));
        assert!(service.told);
        assert_eq!(service.pid, Some(7));
        assert_eq!(service.thread.as_deref(), Some("worker-1"));
    }

    #[test]
    fn an_answer_that_tells_nothing_was_served_for_the_last_sleep() {
        for body in [&b"slept well"[..], b"", b"[1]", br#"{"pid": "x"}"#] {
            let service = SEEN.service(body);
            assert_eq!((service.from_ms, service.until_ms), (400.0, 900.0));
            assert!(!service.told);
            assert_eq!((service.pid, service.thread), (None, None));
        }
    }

    #[test]
    fn a_server_that_was_too_quick_began_when_it_was_asked() {
        let seen = Seen {
            sleep_ms: 5000.0,
            ..SEEN
        };
        assert_eq!(seen.inferred_span(), (2.0, 900.0));
    }

    #[test]
    fn times_of_another_clock_are_not_believed() {
        let body = br#"{"pid": 7, "thread": 3, "started_ms": 12.0, "finished_ms": 512.0}"#;
        let service = SEEN.service(body);
        assert!(!service.told);
        assert_eq!(service.from_ms, 400.0);
        assert_eq!(service.thread.as_deref(), Some("3"));
    }
}
