//! Why there is no result.

/// Why there is no result.
pub(super) enum Stop {
    /// The command line is wrong.
    Usage(String),
    /// Something could not be done.
    Failed(String),
}
