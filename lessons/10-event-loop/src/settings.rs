//! Every number of the loop in one place, each with its reason.

// ANCHOR: settings
use terminal::{Bounds, Setting, Unit};

/// How a server with a loop behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopSettings {
    /// Connections at once.
    pub connections: usize,
    /// Bytes of bodies that may be gathered at once, for all connections together.
    pub gathered_bytes: u64,
    /// Threads for the application; without any it works on the loop.
    pub workers: usize,
}

impl Default for LoopSettings {
    fn default() -> LoopSettings {
        LoopSettings {
            connections: 900,
            gathered_bytes: 64 * 1024 * 1024,
            workers: 0,
        }
    }
}

/// The settings of a server with a loop.
pub const LOOP_SETTINGS: &[Setting<LoopSettings>] = &[
    Setting {
        name: "connections",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "connections at once; the next ones wait at the door",
        reason: "Each needs a descriptor, and most systems give a process 1,024 unless it asks \
                 for more. We ask if more are wanted here.",
        field: |it| &mut it.connections,
    },
    Setting {
        name: "gathered",
        unit: Unit::Bytes,
        bounds: Bounds::AtLeast(1.0),
        help: "of bodies gathered at once for all clients together, then 503",
        reason: "A body is gathered before the application is called, and a thousand clients with \
                 a body each would be a thousand times the limit for one.",
        field: |it| &mut it.gathered_bytes,
    },
];

/// The settings of its kitchen.
pub const KITCHEN_SETTINGS: &[Setting<LoopSettings>] = &[Setting {
    name: "workers",
    unit: Unit::Number,
    bounds: Bounds::Any,
    help: "threads for the application (0: it works on the loop)",
    reason: "On the loop, an application that sleeps makes everybody wait. On a thread of its \
                 own it costs two trips between threads for each request.",
    field: |it| &mut it.workers,
}];
// ANCHOR_END: settings
