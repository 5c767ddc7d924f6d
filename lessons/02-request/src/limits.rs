//! Every limit in one place, each with its reason.

// ANCHOR: imports
use std::time::Duration;

use terminal::{Bounds, Setting, Unit};
// ANCHOR_END: imports

// ANCHOR: limits
/// How much a client may take: of memory, of patience, of everybody else's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The whole head, in bytes.
    pub head_bytes: usize,
    /// One line of the head, in bytes.
    pub line_bytes: usize,
    /// Fields in a head, at most [`MAX_FIELDS`].
    pub fields: usize,
    /// The body that a client may announce, in bytes.
    pub body_bytes: u64,
    /// From `accept` to the end of the head.
    pub head_timeout: Duration,
    /// For the client to take 64 KiB of an answer.
    pub write_timeout: Duration,
    /// For the client to read its answer and leave.
    pub drain_timeout: Duration,
}

/// A parsed head has room for this many fields.
pub const MAX_FIELDS: usize = 100;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 16 * 1024,
            line_bytes: 8 * 1024,
            fields: MAX_FIELDS,
            body_bytes: 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(2),
        }
    }
}
// ANCHOR_END: limits

// ANCHOR: limit_settings
/// The kernel takes a timeout of zero for "never", and cuts off what is finer than it can count.
const TIMEOUT: Bounds = Bounds::AtLeast(0.001);

/// The limits, each with its reason: the attack or the accident that it stops.
pub const LIMIT_SETTINGS: &[Setting<Limits>] = &[
    Setting {
        name: "head-timeout",
        unit: Unit::Seconds,
        bounds: TIMEOUT,
        help: "for the whole head to arrive, then 408",
        reason: "It counts from `accept` to the end of the head, however the bytes are spread: a \
                 deadline for each read would let a client that drips one byte at a time stay for \
                 ever.",
        field: |limits| &mut limits.head_timeout,
    },
    Setting {
        name: "write-timeout",
        unit: Unit::Seconds,
        bounds: TIMEOUT,
        help: "for the client to take a piece of the answer",
        reason: "It counts for each 64 KiB: a client that asks and never reads would hold its server \
                 for ever. It is long because of clients that read slowly: their kernel makes \
                 room in large steps, and between two of them nobody can tell them from the deaf.",
        field: |limits| &mut limits.write_timeout,
    },
    Setting {
        name: "drain-timeout",
        unit: Unit::Seconds,
        bounds: TIMEOUT,
        help: "for a gentle close with unread input",
        reason: "A close waits for the client to read its answer and leave, and not all of them \
                 leave.",
        field: |limits| &mut limits.drain_timeout,
    },
    Setting {
        name: "head-limit",
        unit: Unit::Bytes,
        // The buffer for a head is there as long as the server.
        bounds: Bounds::Between(1.0, 1024.0 * 1024.0),
        help: "for the whole head, then 431",
        reason: "A client that sends fields without end would fill the memory.",
        field: |limits| &mut limits.head_bytes,
    },
    Setting {
        name: "line-limit",
        unit: Unit::Bytes,
        bounds: Bounds::Any,
        help: "for one line of it, then 414 or 431",
        reason: "One endless line is as bad as endless fields, and a limit of its own tells the \
                 client whether it was the target or a field.",
        field: |limits| &mut limits.line_bytes,
    },
    Setting {
        name: "field-limit",
        unit: Unit::Number,
        bounds: Bounds::AtMost(MAX_FIELDS as f64),
        help: "fields in a head, at most 100, then 431",
        reason: "A flood of tiny fields is cheap to send and dear to look through.",
        field: |limits| &mut limits.fields,
    },
    Setting {
        name: "body-limit",
        unit: Unit::Bytes,
        bounds: Bounds::Any,
        help: "for an announced body, then 413",
        reason: "An upload that nobody asked for is stopped before it starts.",
        field: |limits| &mut limits.body_bytes,
    },
];
// ANCHOR_END: limit_settings

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::{Program, UsageError};

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[&LIMIT_SETTINGS],
    };

    fn limits(line: &str) -> Result<Limits, UsageError> {
        let words = line.split_whitespace().map(Into::into);
        PROGRAM.parse(words).unwrap().unwrap().read(LIMIT_SETTINGS)
    }

    #[test]
    fn limits_that_cannot_be_kept_are_refused() {
        assert!(limits("--field-limit 101").is_err());
        assert!(limits("--head-timeout 0").is_err());
        assert!(limits("--write-timeout 0.0000001").is_err());
        assert!(limits("--drain-timeout 0").is_err());
        assert!(limits("--head-limit 0").is_err());
        assert!(limits("--head-limit 9999999999").is_err());
        assert_eq!(limits("--body-limit 5").unwrap().body_bytes, 5);
    }

    #[test]
    fn every_limit_can_be_set() {
        let line = "--head-limit 1 --line-limit 2 --field-limit 3 --body-limit 4 \
                    --head-timeout 5 --write-timeout 6 --drain-timeout 7";
        let expected = Limits {
            head_bytes: 1,
            line_bytes: 2,
            fields: 3,
            body_bytes: 4,
            head_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(6),
            drain_timeout: Duration::from_secs(7),
        };
        assert_eq!(limits(line).unwrap(), expected);
    }
}
