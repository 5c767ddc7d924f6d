//! Every number of a WebSocket in one place, each with its reason.

// ANCHOR: imports
use std::time::Duration;

use terminal::{Arguments, Bounds, Setting, Unit, UsageError};
// ANCHOR_END: imports

// ANCHOR: rules
/// What sockets may do, and for how long.
#[derive(Clone, Debug)]
pub struct SocketRules {
    /// The longest message that is taken.
    pub max_message: usize,
    /// How much may wait in a socket's mailbox.
    pub mailbox: usize,
    /// After how long a silence a client is asked whether it is there; zero for never.
    pub ping: Duration,
    /// How long it may take to answer that, and to agree to an end.
    pub patience: Duration,
    /// Sockets at the same time.
    pub max_sockets: usize,
    /// Whose pages may open a socket; nobody in it means everybody.
    pub origins: Vec<String>,
    /// The subprotocols that the application speaks, the dearest first.
    pub protocols: Vec<String>,
    /// How many messages of one client are taken in a second; more of them wait.
    pub pace: Option<u32>,
}

impl Default for SocketRules {
    fn default() -> SocketRules {
        SocketRules {
            max_message: 1024 * 1024,
            mailbox: 1024 * 1024,
            ping: Duration::from_secs(20),
            patience: Duration::from_secs(10),
            max_sockets: 10_000,
            origins: Vec::new(),
            protocols: Vec::new(),
            pace: None,
        }
    }
}

/// The settings of a server with sockets.
pub const SOCKET_SETTINGS: &[Setting<SocketRules>] = &[
    Setting {
        name: "max-message",
        unit: Unit::Bytes,
        bounds: Bounds::AtLeast(125.0),
        help: "the longest message, then close with 1009",
        reason: "A message is kept until it is whole, and a client can claim any length.",
        field: |rules| &mut rules.max_message,
    },
    Setting {
        name: "mailbox",
        unit: Unit::Bytes,
        bounds: Bounds::AtLeast(1.0),
        help: "that may wait for a socket, then close with 1013",
        reason: "A client that reads too slowly must not make the others wait, nor fill the memory.",
        field: |rules| &mut rules.mailbox,
    },
    Setting {
        name: "ping",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "of silence, then ask whether the client is there (0: never)",
        reason: "A machine that was switched off does not say that it has gone, and routers forget \
                 connections that are quiet.",
        field: |rules| &mut rules.ping,
    },
    Setting {
        name: "patience",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "for an answer to a ping or a close, then end the connection",
        reason: "Whoever does not answer this is not there.",
        field: |rules| &mut rules.patience,
    },
    Setting {
        name: "max-sockets",
        unit: Unit::Number,
        bounds: Bounds::AtLeast(1.0),
        help: "sockets at the same time, then 503",
        reason: "Each needs a descriptor, and requests need some, too.",
        field: |rules| &mut rules.max_sockets,
    },
    Setting {
        name: "origin",
        unit: Unit::Text("ORIGIN"),
        bounds: Bounds::Any,
        help: "whose pages may open a socket (default: everybody's), repeatable",
        reason: "A browser lets every page open a WebSocket to every server, and sends our cookies \
                 along.",
        field: |rules| &mut rules.origins,
    },
];

impl SocketRules {
    /// What a command line asks for.
    pub fn from_flags(flags: &Arguments) -> Result<SocketRules, UsageError> {
        flags.read(SOCKET_SETTINGS)
    }
}
// ANCHOR_END: rules
