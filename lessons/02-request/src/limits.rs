//! Every limit in one place, each with its reason.

// ANCHOR: imports
use std::time::Duration;

use terminal::{Arguments, Flag, UsageError};
// ANCHOR_END: imports

// ANCHOR: limits
/// How much a client may take: of memory, of patience, of everybody else's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The whole head, in bytes. Stops a client that sends fields without end.
    pub head_bytes: usize,
    /// One line of the head, in bytes. Longer targets get 414, longer fields 431.
    pub line_bytes: usize,
    /// Fields in a head, at most [`MAX_FIELDS`]. Stops floods of tiny fields, cheap to send and
    /// dear to look through.
    pub fields: usize,
    /// The body that a client may announce. Stops uploads nobody asked for before they start.
    pub body_bytes: u64,
    /// From `accept` to the end of the head, however the bytes are spread. A deadline for each
    /// read would let a client that drips one byte at a time stay for ever.
    pub head_timeout: Duration,
    /// How long the client may take for 64 KiB of an answer. Stops clients that ask and never
    /// read.
    pub write_timeout: Duration,
    /// How long a close may wait for the client to read its answer and leave.
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
            write_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(2),
        }
    }
}
// ANCHOR_END: limits

// ANCHOR: limit_flags
/// The limits as flags.
pub const LIMIT_FLAGS: &[Flag] = &[
    flag(
        "head-timeout",
        "SECS",
        "10",
        "for the whole head to arrive, then 408",
    ),
    flag(
        "write-timeout",
        "SECS",
        "10",
        "for the client to take a piece of the answer",
    ),
    flag(
        "drain-timeout",
        "SECS",
        "2",
        "for a gentle close with unread input",
    ),
    flag(
        "head-limit",
        "BYTES",
        "16384",
        "for the whole head, then 431",
    ),
    flag(
        "line-limit",
        "BYTES",
        "8192",
        "for one line of it, then 414 or 431",
    ),
    flag(
        "field-limit",
        "N",
        "100",
        "fields in a head, at most 100, then 431",
    ),
    flag(
        "body-limit",
        "BYTES",
        "1048576",
        "for an announced body, then 413",
    ),
];

/// The flags of a listening server.
pub const SERVER_FLAGS: &[Flag] = &[
    flag(
        "backlog",
        "N",
        "128",
        "how many clients may wait to be accepted",
    ),
    flag("trace", "", "", "show the traffic: < received, > sent"),
    flag("quiet", "", "", "no line in the log for each request"),
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

impl Limits {
    /// The limits that a command line asks for.
    pub fn from_flags(flags: &Arguments) -> Result<Limits, UsageError> {
        let limits = Limits {
            head_bytes: flags.number("head-limit")?,
            line_bytes: flags.number("line-limit")?,
            fields: flags.number("field-limit")?,
            body_bytes: flags.number("body-limit")?,
            head_timeout: flags.seconds("head-timeout")?,
            write_timeout: flags.seconds("write-timeout")?,
            drain_timeout: flags.seconds("drain-timeout")?,
        };
        if limits.fields > MAX_FIELDS {
            return Err(UsageError::new(format!(
                "--field-limit can be at most {MAX_FIELDS}"
            )));
        }
        // The buffer for a head is there as long as the server.
        const MOST: usize = 1024 * 1024;
        if limits.head_bytes == 0 || limits.head_bytes > MOST {
            return Err(UsageError::new(format!("--head-limit is from 1 to {MOST}")));
        }
        // The kernel takes a timeout of zero for "never", and cuts off what is finer than it can
        // count.
        let timeouts = [
            limits.head_timeout,
            limits.write_timeout,
            limits.drain_timeout,
        ];
        if timeouts
            .iter()
            .any(|timeout| *timeout < Duration::from_millis(1))
        {
            return Err(UsageError::new("a timeout must be at least 0.001 seconds"));
        }
        Ok(limits)
    }
}
// ANCHOR_END: limit_flags

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::Program;

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[LIMIT_FLAGS],
    };

    fn limits(line: &str) -> Result<Limits, UsageError> {
        let words = line.split_whitespace().map(Into::into);
        Limits::from_flags(&PROGRAM.parse(words).unwrap().unwrap())
    }

    #[test]
    fn the_help_text_and_the_defaults_agree() {
        assert_eq!(limits("").unwrap(), Limits::default());
    }

    #[test]
    fn limits_that_cannot_be_kept_are_refused() {
        assert!(limits("--field-limit 101").is_err());
        assert!(limits("--head-timeout 0").is_err());
        assert!(limits("--write-timeout 0.0000001").is_err());
        assert!(limits("--head-limit 0").is_err());
        assert!(limits("--head-limit 9999999999").is_err());
        assert_eq!(limits("--body-limit 5").unwrap().body_bytes, 5);
    }
}
