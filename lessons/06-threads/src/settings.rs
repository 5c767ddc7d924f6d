//! How many threads there may be, and what becomes of them at a stop.

// ANCHOR: imports
use std::time::Duration;

use lesson05::{STOP_TIMEOUT, stop_timeout};
use terminal::{Bounds, Setting, Unit};
// ANCHOR_END: imports

// ANCHOR: threads
/// How many threads a server may have, and what becomes of them when it stops.
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// Threads at a time.
    pub max_threads: usize,
    /// The size of each thread's stack, in bytes.
    pub stack_size: usize,
    /// Python's `daemon_threads`: a stop does not wait for the threads.
    pub daemon_threads: bool,
    /// Python's `block_on_close`: a stop waits for threads that are not daemons.
    pub block_on_close: bool,
    /// How long it waits.
    pub stop_timeout: Duration,
}

impl Default for Threads {
    fn default() -> Threads {
        Threads {
            max_threads: 512,
            stack_size: 2 * 1024 * 1024,
            daemon_threads: false,
            block_on_close: true,
            stop_timeout: STOP_TIMEOUT,
        }
    }
}

/// The settings of a server with threads.
pub const THREAD_SETTINGS: &[Setting<Threads>] = &[
    Setting {
        name: "max-threads",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "threads at a time; further clients wait in the backlog",
        reason: "A thread costs less than a process, but it is not free, and without a bound the \
                 clients decide how many there are.",
        field: |threads| &mut threads.max_threads,
    },
    Setting {
        name: "stack-size",
        unit: Unit::Bytes,
        // In a debug build the server's own calls need more than half of it. A call that finds no
        // room is not a panic that could be caught: it ends the whole process.
        bounds: Bounds::AtLeast(64.0 * 1024.0),
        help: "for each thread",
        reason: "It bounds what a deep call can take and is no price: the kernel gives memory to \
                 the pages that are used.",
        field: |threads| &mut threads.stack_size,
    },
    Setting {
        name: "daemon-threads",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "a stop does not wait for requests under way",
        reason: "Sometimes a quick end is worth more than the last answers.",
        field: |threads| &mut threads.daemon_threads,
    },
    stop_timeout(|threads| &mut threads.stop_timeout),
];
// ANCHOR_END: threads

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::{Program, UsageError};

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[&THREAD_SETTINGS],
    };

    fn threads(line: &str) -> Result<Threads, UsageError> {
        let words = line.split_whitespace().map(Into::into);
        PROGRAM.parse(words).unwrap().unwrap().read(THREAD_SETTINGS)
    }

    #[test]
    fn a_server_that_could_not_work_is_refused_and_every_setting_can_be_set() {
        assert!(threads("--max-threads 0").is_err());
        assert!(threads("--stack-size 65535").is_err());
        let line = "--max-threads 1 --stack-size 65536 --daemon-threads --stop-timeout 2";
        let given = threads(line).unwrap();
        assert_eq!((given.max_threads, given.stack_size), (1, 65536));
        assert!(given.daemon_threads && given.block_on_close);
        assert_eq!(given.stop_timeout, Duration::from_secs(2));
    }
}
