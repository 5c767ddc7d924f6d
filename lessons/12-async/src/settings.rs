//! Every number of the runtime in one place, each with its reason.

// ANCHOR: settings
use terminal::{Bounds, Setting, Unit};

/// How a server with tasks behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsyncSettings {
    /// Connections at once.
    pub connections: usize,
    /// Threads that run tasks.
    pub threads: usize,
    /// Turns of blocking applications at once.
    pub workers: usize,
}

impl Default for AsyncSettings {
    fn default() -> AsyncSettings {
        AsyncSettings {
            connections: 900,
            threads: 1,
            workers: 64,
        }
    }
}

/// The settings of a server with tasks.
pub const ASYNC_SETTINGS: &[Setting<AsyncSettings>] = &[
    Setting {
        name: "connections",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "connections at once; the next ones wait at the door",
        reason: "Each needs a descriptor, and most systems give a process 1,024.",
        field: |it| &mut it.connections,
    },
    Setting {
        name: "threads",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "that run the tasks",
        reason: "One is enough for waiting. More help where there is much to compute between two \
                 waits.",
        field: |it| &mut it.threads,
    },
    Setting {
        name: "workers",
        unit: Unit::Number,
        bounds: Bounds::Any,
        help: "applications that may block at once (0: none may, they run where the tasks do)",
        reason: "An application that sleeps on a thread of the runtime stops every task there.",
        field: |it| &mut it.workers,
    },
];
// ANCHOR_END: settings
