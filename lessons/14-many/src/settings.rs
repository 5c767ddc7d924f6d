//! Every number of many processes in one place, each with its reason.

// ANCHOR: settings
use std::time::Duration;

use terminal::{Bounds, Setting, Unit};

use crate::roster::Patience;

/// How many processes there are, and how they come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSettings {
    /// Processes that serve. Without any, this one does.
    pub workers: usize,
    /// Threads for the application in each of them.
    pub threads: usize,
    /// Until a worker must be ready.
    pub start_timeout: Duration,
    /// After a worker that crashed, until the next one.
    pub rest: Duration,
    /// How long `/health` says no before the end begins.
    pub drain: Duration,
    /// Where Redis is, for rooms and a count on several machines.
    pub redis: Option<String>,
    /// Python in place of the demo.
    pub app: Option<String>,
}

impl Default for ProcessSettings {
    fn default() -> ProcessSettings {
        ProcessSettings {
            workers: 2,
            threads: 4,
            start_timeout: Duration::from_secs(30),
            rest: Duration::from_secs(1),
            drain: Duration::ZERO,
            redis: None,
            app: None,
        }
    }
}

impl ProcessSettings {
    /// How long a supervisor waits for what, if its workers give requests so much time at a stop.
    pub fn patience(&self, stop_timeout: Duration) -> Patience {
        Patience {
            start: self.start_timeout,
            // A worker ends by itself after that. One that is frozen does not.
            leave: stop_timeout + Duration::from_secs(5),
            rest: self.rest,
            drain: self.drain,
            failures: FAILURES,
        }
    }
}

/// So many failures in a row, while nobody else serves, are no accident any more.
const FAILURES: u32 = 3;

/// The settings of many processes.
pub const PROCESS_SETTINGS: &[Setting<ProcessSettings>] = &[
    Setting {
        name: "workers",
        unit: Unit::Number,
        bounds: Bounds::AtMost(512.0),
        help: "processes that serve (0: this one)",
        reason: "A process uses one core at a time for its loop. Each costs the memory of a \
                 server, and a crash of one is none of the others' business.",
        field: |it| &mut it.workers,
    },
    Setting {
        name: "threads",
        unit: Unit::Number,
        bounds: Bounds::Any,
        help: "threads for the application in each worker (0: it works on the loop)",
        reason: "An application that sleeps on the loop makes everybody of its worker wait, the \
                 balancer's question about its health among them.",
        field: |it| &mut it.threads,
    },
    Setting {
        name: "start-timeout",
        unit: Unit::Seconds,
        bounds: Bounds::AtLeast(0.001),
        help: "for a worker to say that it is ready",
        reason: "A worker that hangs before it serves would hold up a reload for ever.",
        field: |it| &mut it.start_timeout,
    },
    Setting {
        name: "rest",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "after a worker that crashed, until the next is started; it doubles up to 32 times",
        reason: "One that crashes at once would be started thousands of times in a minute.",
        field: |it| &mut it.rest,
    },
    Setting {
        name: "drain",
        unit: Unit::Seconds,
        bounds: Bounds::Any,
        help: "at a stop, go on serving so long while /health says no",
        reason: "A balancer sends clients until it has asked and heard no, as often as it wants \
                 to hear it. Who closes before that turns its clients away.",
        field: |it| &mut it.drain,
    },
    Setting {
        name: "redis",
        unit: Unit::Text("HOST:PORT"),
        bounds: Bounds::Any,
        help: "rooms and a count that all processes and machines share",
        reason: "A room is in the memory of one process, and its members are not.",
        field: |it| &mut it.redis,
    },
    Setting {
        name: "app",
        unit: Unit::Text("MODULE:ATTR"),
        bounds: Bounds::Any,
        help: "an application in Python, served by lesson 13's workers",
        reason: "One interpreter lock is one core. Many processes have many of them.",
        field: |it| &mut it.app,
    },
];
// ANCHOR_END: settings

// ANCHOR: trust
/// Whom to believe about a client that we do not see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustSettings {
    /// Addresses of balancers, or networks of them.
    pub trust: Vec<String>,
    /// Whether they write `Forwarded`, and not `X-Forwarded-For`.
    pub forwarded: bool,
}

/// The settings of a server behind others.
pub const TRUST_SETTINGS: &[Setting<TrustSettings>] = &[
    Setting {
        name: "trust",
        unit: Unit::Text("ADDRESS"),
        bounds: Bounds::Any,
        help: "believe this peer, or network (10.0.0.0/8), about its clients; repeatable",
        reason: "Behind a balancer every client has the balancer's address. What a stranger says \
                 about its own address is a lie whenever that helps it.",
        field: |it| &mut it.trust,
    },
    Setting {
        name: "forwarded",
        unit: Unit::Switch,
        bounds: Bounds::Any,
        help: "they write Forwarded (RFC 7239), and not X-Forwarded-For",
        reason: "A balancer that writes the one lets the other through as the client sent it. So \
                 only one is believed, and the other is taken away.",
        field: |it| &mut it.forwarded,
    },
];
// ANCHOR_END: trust
