//! Every number of the greenlets in one place, each with its reason.

// ANCHOR: settings
use terminal::{Bounds, Setting, Unit};

/// How a server with greenlets behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GreenSettings {
    /// Connections at once.
    pub connections: usize,
    /// The size of each greenlet's stack, in bytes.
    pub stack_size: usize,
}

impl Default for GreenSettings {
    fn default() -> GreenSettings {
        GreenSettings {
            connections: 900,
            stack_size: 256 * 1024,
        }
    }
}

/// The settings of a server with greenlets.
pub const GREEN_SETTINGS: &[Setting<GreenSettings>] = &[
    Setting {
        name: "connections",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "connections at once; the next ones wait at the door",
        reason: "Each needs a descriptor and a stack, and most systems give a process 1,024 \
                 descriptors.",
        field: |it| &mut it.connections,
    },
    Setting {
        name: "stack-size",
        unit: Unit::Bytes,
        bounds: Bounds::AtLeast(64.0 * 1024.0),
        help: "for each greenlet",
        reason: "A call that finds no room ends the whole process, so it is generous. It is no \
                 price: the kernel gives memory to the pages that are used.",
        field: |it| &mut it.stack_size,
    },
];
// ANCHOR_END: settings
