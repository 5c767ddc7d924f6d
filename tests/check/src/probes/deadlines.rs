//! Flags with deadlines that a test can wait for.

use crate::probe::Flags;

/// Deadlines that a test can wait for, for every server that has them.
pub(super) const SHORT_DEADLINES: &[Flags] = &[Flags {
    from: 2,
    to: 99,
    words: "--head-timeout 0.4 --drain-timeout 0.4",
}];

/// The same for servers that serve one client at a time. For the others there is nothing to wait
/// for in such a probe, and a deadline that a busy machine could miss would only blur it.
pub(super) const SHORT_DEADLINES_ALONE: &[Flags] = &[Flags {
    from: 2,
    to: 4,
    words: "--head-timeout 0.4 --drain-timeout 0.4",
}];
