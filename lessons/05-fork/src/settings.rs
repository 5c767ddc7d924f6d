//! How many children there may be, and for how long.

// ANCHOR: imports
use std::time::Duration;

use terminal::{Bounds, Settable, Setting, Unit};
// ANCHOR_END: imports

// ANCHOR: forks
/// How many children a server may have, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Forks {
    /// Children at a time.
    pub max_children: usize,
    /// A child that takes longer is ended.
    pub child_timeout: Duration,
    /// How long a stop waits for the children before it ends them.
    pub stop_timeout: Duration,
}

impl Default for Forks {
    fn default() -> Forks {
        Forks {
            max_children: 40,
            child_timeout: Duration::from_secs(300),
            stop_timeout: STOP_TIMEOUT,
        }
    }
}

/// The settings of a server that forks.
pub const FORK_SETTINGS: &[Setting<Forks>] = &[
    Setting {
        name: "max-children",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "processes at a time; further clients wait in the backlog",
        reason: "With so many children nobody else is accepted: in the backlog a client costs \
                 nothing, and in a process it costs what the machine may not have.",
        field: |forks| &mut forks.max_children,
    },
    Setting {
        name: "child-timeout",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "after which a child is ended",
        reason: "A child that hangs would keep its place for ever.",
        field: |forks| &mut forks.child_timeout,
    },
    stop_timeout(|forks| &mut forks.stop_timeout),
];

/// How long a graceful stop may take, for this server and those after it.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// The row for it, in the table of each of them.
pub const fn stop_timeout<S>(field: fn(&mut S) -> &mut dyn Settable) -> Setting<S> {
    Setting {
        name: "stop-timeout",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "for requests under way to finish after SIGTERM or Ctrl-C",
        reason: "What was begun is finished, but whoever stops a server does not want to wait for \
                 its slowest client.",
        field,
    }
}
// ANCHOR_END: forks

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::{Program, UsageError};

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[&FORK_SETTINGS],
    };

    fn forks(line: &str) -> Result<Forks, UsageError> {
        let words = line.split_whitespace().map(Into::into);
        PROGRAM.parse(words).unwrap().unwrap().read(FORK_SETTINGS)
    }

    #[test]
    fn a_server_that_could_not_fork_is_refused_and_every_setting_can_be_set() {
        assert!(forks("--max-children 0").is_err());
        let given = forks("--max-children 1 --child-timeout 2 --stop-timeout 0").unwrap();
        assert_eq!(given.max_children, 1);
        assert_eq!(given.child_timeout, Duration::from_secs(2));
        assert_eq!(given.stop_timeout, Duration::ZERO);
    }
}
