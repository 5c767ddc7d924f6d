//! How slowly a body may come.

// ANCHOR: imports
use std::time::Duration;

use terminal::{Bounds, Setting, Unit};
// ANCHOR_END: imports

// ANCHOR: pace
/// How slowly a body may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Nothing is asked of a body for so long after its first read.
    pub grace: Duration,
    /// From then on the average must be so many bytes a second.
    pub bytes_per_second: u64,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            grace: Duration::from_secs(5),
            bytes_per_second: 500,
        }
    }
}

/// The pace as settings.
pub const PACE_SETTINGS: &[Setting<Pace>] = &[
    Setting {
        name: "body-timeout",
        unit: Unit::Seconds,
        bounds: Bounds::AtLeast(0.001),
        help: "before a body must have its pace",
        reason: "Nothing is asked of a body for so long after its first read, because the first \
                 bytes on a slow line take their time.",
        field: |pace| &mut pace.grace,
    },
    Setting {
        name: "body-rate",
        unit: Unit::Bytes,
        bounds: Bounds::AtLeast(1.0),
        help: "that pace, in bytes a second, then 408",
        reason: "From then on the average counts, in bytes a second: a deadline for the whole \
                 body would punish slow lines, and one for each read would let a client drip for \
                 ever.",
        field: |pace| &mut pace.bytes_per_second,
    },
];

impl Pace {
    /// How long a client may have kept us waiting when `received` bytes have come.
    pub(crate) fn allowance(&self, received: u64) -> Duration {
        self.grace + Duration::from_millis(received * 1000 / self.bytes_per_second)
    }
}
// ANCHOR_END: pace

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::{Program, UsageError};

    const PROGRAM: Program = Program {
        name: "test",
        about: "A test.",
        operand: None,
        flags: &[&PACE_SETTINGS],
    };

    fn pace(line: &str) -> Result<Pace, UsageError> {
        let words = line.split_whitespace().map(Into::into);
        PROGRAM.parse(words).unwrap().unwrap().read(PACE_SETTINGS)
    }

    #[test]
    fn a_pace_of_nothing_is_refused_and_both_settings_can_be_set() {
        assert!(pace("--body-rate 0").is_err());
        assert!(pace("--body-timeout 0").is_err());
        let given = pace("--body-rate 1000 --body-timeout 1").unwrap();
        assert_eq!(given.allowance(2000), Duration::from_secs(3));
    }
}
