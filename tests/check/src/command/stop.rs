//! Why the command ends early.

/// Why the command ends before it has a result.
pub(super) enum Stop {
    /// The command line is wrong.
    Usage(String),
    /// There is no server.
    NoServer(String),
}
