//! With what the transcripts of the book are run: which binaries, and where.

use std::path::PathBuf;

use crate::transcript::command::Workshop;

/// What the transcripts of the book are run with.
pub struct Equipment<'a> {
    /// The folder in which the commands run: the root of the repository.
    pub folder: PathBuf,
    /// Where the binaries come from.
    pub workshop: Workshop<'a>,
    /// Whether a missing tool is a finding (in CI) or a message.
    pub require_all: bool,
}
