//! Every number of the pool in one place, each with its reason.

// ANCHOR: imports
use std::time::Duration;

use lesson05::STOP_FLAG;
use terminal::{Arguments, Flag, UsageError};
// ANCHOR_END: imports

// ANCHOR: settings
/// How a server with a pool behaves. In brackets: the name in CherryPy's server, and its default
/// where ours differs.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Workers from the start (`numthreads`, 10). Each owns one connection at a time.
    pub threads: usize,
    /// Workers at most (`max`, without a limit there).
    pub max_threads: usize,
    /// Accepted clients that may wait for a worker (`accepted_queue_size`, without a limit there).
    /// Without one, overload shows when the memory is gone.
    pub queue_size: usize,
    /// How long a full queue makes the next client wait before it is turned away
    /// (`accepted_queue_timeout`, 10 s).
    pub queue_timeout: Duration,
    /// How long a connection may be quiet between two requests (`timeout`, 10 s). It owns a
    /// worker for as long.
    pub timeout: Duration,
    /// Requests on one connection, without a limit there. A client that never stops would own
    /// its worker for ever.
    pub requests_per_connection: usize,
    /// How long requests under way may take to finish (`shutdown_timeout`, 5 s).
    pub stop_timeout: Duration,
    /// How many clients the kernel may hold for us (`request_queue_size`, 5).
    pub backlog: u16,
    /// Whether `/__stats` shows the numbers. They are nobody's business but yours.
    pub stats: bool,
}

impl Default for PoolSettings {
    fn default() -> PoolSettings {
        PoolSettings {
            threads: 8,
            max_threads: 8,
            queue_size: 64,
            queue_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            requests_per_connection: 100,
            stop_timeout: Duration::from_secs(10),
            backlog: 128,
            stats: false,
        }
    }
}

/// The flags of a server with a pool.
pub const POOL_FLAGS: &[Flag] = &[
    flag("threads", "N", "8", "workers from the start"),
    flag(
        "max-threads",
        "N",
        "",
        "workers at most (default: as many as --threads)",
    ),
    flag("queue", "N", "64", "clients that may wait for a worker"),
    flag(
        "queue-timeout",
        "SECS",
        "1",
        "for room in a full queue, then 503",
    ),
    flag(
        "keep-alive",
        "SECS",
        "5",
        "for another request on a connection, then close",
    ),
    flag(
        "max-requests",
        "N",
        "100",
        "requests on a connection, then close",
    ),
    flag("stats", "", "", "show the numbers at /__stats"),
    STOP_FLAG,
];

const fn flag(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> Flag {
    Flag {
        name,
        value,
        default,
        help,
    }
}

impl PoolSettings {
    /// What a command line asks for.
    pub fn from_flags(flags: &Arguments) -> Result<PoolSettings, UsageError> {
        let threads = flags.number("threads")?;
        let max_threads = match flags.text("max-threads") {
            "" => threads,
            _ => flags.number("max-threads")?,
        };
        let settings = PoolSettings {
            threads,
            max_threads,
            queue_size: flags.number("queue")?,
            queue_timeout: flags.seconds("queue-timeout")?,
            timeout: flags.seconds("keep-alive")?,
            requests_per_connection: flags.number("max-requests")?,
            stop_timeout: flags.seconds("stop-timeout")?,
            backlog: flags.number("backlog")?,
            stats: flags.switch("stats"),
        };
        let least = [
            settings.threads,
            settings.queue_size,
            settings.requests_per_connection,
        ];
        if least.contains(&0) {
            return Err(UsageError::new(
                "--threads, --queue and --max-requests must be at least 1",
            ));
        }
        if settings.max_threads < settings.threads {
            return Err(UsageError::new(
                "--max-threads cannot be less than --threads",
            ));
        }
        Ok(settings)
    }
}
// ANCHOR_END: settings

#[cfg(test)]
mod tests {
    use super::*;
    use lesson02::SERVER_FLAGS;
    use terminal::Program;

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[SERVER_FLAGS, POOL_FLAGS],
    };

    fn settings(line: &str) -> Result<PoolSettings, UsageError> {
        let words = line.split_whitespace().map(Into::into);
        PoolSettings::from_flags(&PROGRAM.parse(words).unwrap().unwrap())
    }

    #[test]
    fn the_help_text_and_the_defaults_agree() {
        let expected = format!("{:?}", PoolSettings::default());
        assert_eq!(format!("{:?}", settings("").unwrap()), expected);
    }

    #[test]
    fn a_pool_that_could_not_work_is_refused() {
        assert!(settings("--threads 0").is_err());
        assert!(settings("--threads 4 --max-threads 3").is_err());
        assert_eq!(settings("--threads 4").unwrap().max_threads, 4);
    }
}
