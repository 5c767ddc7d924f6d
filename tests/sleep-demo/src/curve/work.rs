//! What each request costs the server.

use serde::{Deserialize, Serialize};

/// What a request costs the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// It sleeps for so many milliseconds, and the processor is free meanwhile.
    Sleep(u64),
    /// It looks for all primes below a number, and the processor is not free.
    Primes(u64),
}

impl Work {
    /// What to ask for, with `{ms}`, `{s}` and `{n}` filled in.
    pub fn fill(self, path: &str) -> String {
        match self {
            Work::Sleep(ms) => path
                .replace("{ms}", &ms.to_string())
                .replace("{s}", &(ms as f64 / 1000.0).to_string()),
            Work::Primes(n) => path.replace("{n}", &n.to_string()),
        }
    }

    /// Where our own servers do it.
    pub fn path(self) -> &'static str {
        match self {
            Work::Sleep(_) => "/sleep?ms={ms}",
            Work::Primes(_) => "/primes?n={n}",
        }
    }

    /// How long a request takes in the server, if that does not depend on the machine.
    pub fn service_ms(self) -> Option<f64> {
        match self {
            Work::Sleep(ms) => Some(ms as f64),
            Work::Primes(_) => None,
        }
    }

    /// For how many requests there is room at once: any number can sleep, but each that computes
    /// needs a core.
    pub fn at_once(self, workers: usize, cores: usize) -> usize {
        match self {
            Work::Sleep(_) => workers,
            Work::Primes(_) => workers.min(cores.max(1)),
        }
    }

    /// In words, behind "each".
    pub fn words(self) -> String {
        match self {
            Work::Sleep(ms) => format!("sleeps for {ms} ms"),
            Work::Primes(n) => format!("looks for all primes below {n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_filled_with_what_the_work_is() {
        let sleep = Work::Sleep(50);
        assert_eq!(sleep.fill(sleep.path()), "/sleep?ms=50");
        assert_eq!(sleep.fill("/nap/{s}"), "/nap/0.05");
        assert_eq!(Work::Primes(7).fill("/primes?n={n}"), "/primes?n=7");
    }

    #[test]
    fn sleepers_need_no_cores() {
        assert_eq!(Work::Sleep(50).at_once(4, 1), 4);
        assert_eq!(Work::Primes(9).at_once(4, 1), 1);
        assert_eq!(Work::Primes(9).at_once(4, 8), 4);
        assert_eq!(Work::Primes(9).at_once(4, 0), 1);
    }
}
