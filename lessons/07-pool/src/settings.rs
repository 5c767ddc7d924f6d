//! Every number of the pool in one place, each with its reason.

// ANCHOR: imports
use std::time::Duration;

use lesson05::{STOP_TIMEOUT, stop_timeout};
use terminal::{Arguments, Bounds, Setting, Unit, UsageError};

use crate::house::Rules;
// ANCHOR_END: imports

// ANCHOR: settings
/// How a server with a pool behaves. In brackets: the name in CherryPy's server, and its default
/// where ours differs.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Workers from the start (`numthreads`, 10).
    pub threads: usize,
    /// Workers at most, as many as from the start if nothing is said (`max`, without a limit
    /// there).
    pub max_threads: Option<usize>,
    /// Accepted clients that may wait for a worker (`accepted_queue_size`, without a limit there).
    pub queue_size: usize,
    /// How long a full queue makes the next client wait before it is turned away
    /// (`accepted_queue_timeout`, 10 s).
    pub queue_timeout: Duration,
    /// For how long and how often connections stay.
    pub rules: Rules,
    /// Whether `/__stats` shows the numbers.
    pub stats: bool,
}

impl Default for PoolSettings {
    fn default() -> PoolSettings {
        PoolSettings {
            threads: 8,
            max_threads: None,
            queue_size: 64,
            queue_timeout: Duration::from_secs(1),
            rules: Rules::default(),
            stats: false,
        }
    }
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            timeout: Duration::from_secs(5),
            requests_per_connection: 100,
            stop_timeout: STOP_TIMEOUT,
            whole_bodies: false,
        }
    }
}
// ANCHOR_END: settings

// ANCHOR: pool_settings
/// The settings of a server with a pool.
pub const POOL_SETTINGS: &[Setting<PoolSettings>] = &[
    Setting {
        name: "threads",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "workers from the start",
        reason: "Each owns one connection at a time, so this is how many clients are served at \
                 once.",
        field: |pool| &mut pool.threads,
    },
    Setting {
        name: "max-threads",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "workers at most (default: as many as --threads)",
        reason: "While more clients wait than workers are idle, the pool may grow, but no further \
                 than the machine has room.",
        field: |pool| &mut pool.max_threads,
    },
    Setting {
        name: "queue",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "clients that may wait for a worker",
        reason: "Without a bound, overload shows when the memory is gone.",
        field: |pool| &mut pool.queue_size,
    },
    Setting {
        name: "queue-timeout",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "for room in a full queue, then 503",
        reason: "A short crowd passes by itself, and after that an honest no is better than a \
                 long wait.",
        field: |pool| &mut pool.queue_timeout,
    },
    Setting {
        name: "stats",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "show the numbers at /__stats",
        reason: "How busy a server is, is nobody's business but yours.",
        field: |pool| &mut pool.stats,
    },
];

/// The settings of a server whose connections stay, however it waits.
pub const RULE_SETTINGS: &[Setting<Rules>] = &[
    Setting {
        name: "keep-alive",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "for another request on a connection, then close",
        reason: "A connection that is quiet owns what it waits with for as long.",
        field: |rules| &mut rules.timeout,
    },
    Setting {
        name: "max-requests",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "requests on a connection, then close",
        reason: "A client that never stops asking would be served for ever.",
        field: |rules| &mut rules.requests_per_connection,
    },
    stop_timeout(|rules| &mut rules.stop_timeout),
];

impl PoolSettings {
    /// What a command line asks for.
    pub fn from_flags(flags: &Arguments) -> Result<PoolSettings, UsageError> {
        let settings = PoolSettings {
            rules: flags.read(RULE_SETTINGS)?,
            ..flags.read(POOL_SETTINGS)?
        };
        if settings.most_threads() < settings.threads {
            return Err(UsageError::new(
                "--max-threads cannot be less than --threads",
            ));
        }
        Ok(settings)
    }

    /// Workers at most, whether somebody said so or not.
    pub fn most_threads(&self) -> usize {
        self.max_threads.unwrap_or(self.threads)
    }
}
// ANCHOR_END: pool_settings

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::Program;

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[&POOL_SETTINGS, &RULE_SETTINGS],
    };

    fn settings(line: &str) -> Result<PoolSettings, UsageError> {
        let words = line.split_whitespace().map(Into::into);
        PoolSettings::from_flags(&PROGRAM.parse(words).unwrap().unwrap())
    }

    #[test]
    fn a_pool_that_could_not_work_is_refused() {
        for nothing in ["--threads 0", "--queue 0", "--max-requests 0"] {
            assert!(settings(nothing).is_err(), "{nothing}");
        }
        assert!(settings("--threads 4 --max-threads 3").is_err());
        assert_eq!(settings("--threads 4").unwrap().most_threads(), 4);
    }

    #[test]
    fn every_setting_can_be_set() {
        let line = "--threads 1 --max-threads 2 --queue 3 --queue-timeout 4 --keep-alive 5 \
                    --max-requests 6 --stop-timeout 7 --stats";
        let given = settings(line).unwrap();
        assert_eq!((given.threads, given.max_threads), (1, Some(2)));
        assert_eq!(
            (given.queue_size, given.rules.requests_per_connection),
            (3, 6)
        );
        assert_eq!(given.queue_timeout, Duration::from_secs(4));
        assert_eq!(given.rules.timeout, Duration::from_secs(5));
        assert_eq!(given.rules.stop_timeout, Duration::from_secs(7));
        assert!(given.stats);
    }
}
