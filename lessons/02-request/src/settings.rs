//! What a server is told when it starts.

// ANCHOR: imports
use terminal::{Arguments, Bounds, Setting, Unit, UsageError};

use crate::limits::{LIMIT_SETTINGS, Limits};
// ANCHOR_END: imports

// ANCHOR: settings
/// What a server is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How much a client may take.
    pub limits: Limits,
    /// How many clients may wait to be accepted.
    pub backlog: u16,
    /// Whether to show the traffic.
    pub trace: bool,
    /// Whether to leave out the access log.
    pub quiet: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            limits: Limits::default(),
            backlog: 128,
            trace: false,
            quiet: false,
        }
    }
}

/// The settings of a listening server, beside its limits.
pub const SERVER_SETTINGS: &[Setting<Settings>] = &[
    Setting {
        name: "backlog",
        unit: Unit::Number,
        bounds: Bounds::Any,
        help: "how many clients may wait to be accepted",
        reason: "Clients that come while the server is busy wait in the kernel, where they cost \
                 next to nothing; whoever finds no room there tries again a second later.",
        field: |settings| &mut settings.backlog,
    },
    Setting {
        name: "trace",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "show the traffic: < received, > sent",
        reason: "The protocol is text, and best learned by reading it.",
        field: |settings| &mut settings.trace,
    },
    Setting {
        name: "quiet",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "no line in the log for each request",
        reason: "A line costs a system call, which is felt where many requests are measured.",
        field: |settings| &mut settings.quiet,
    },
];

impl Settings {
    /// The settings that a command line asks for.
    pub fn from_flags(flags: &Arguments) -> Result<Settings, UsageError> {
        Ok(Settings {
            limits: flags.read(LIMIT_SETTINGS)?,
            ..flags.read(SERVER_SETTINGS)?
        })
    }
}
// ANCHOR_END: settings
