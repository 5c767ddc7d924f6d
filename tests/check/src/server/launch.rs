//! How a server is started, and what it is called if that fails.

use std::fmt;
use std::path::PathBuf;

/// How a server is started.
#[derive(Clone, Debug)]
pub enum Launch {
    /// A binary of ours: `--addr 127.0.0.1:PORT` and more flags, then one ready line.
    Lesson {
        /// The binary.
        binary: PathBuf,
        /// Flags besides `--addr`.
        flags: Vec<String>,
    },
    /// Any command for a shell, with `{port}` where the port goes. It is ready when it answers.
    Command(String),
}

impl Launch {
    /// A lesson's binary with flags in one string: `"--head-timeout 0.4"`.
    pub fn lesson(binary: impl Into<PathBuf>, flags: &str) -> Launch {
        Launch::Lesson {
            binary: binary.into(),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

/// A server that could not be started.
#[derive(Debug)]
pub struct StartError(String);

impl StartError {
    pub(super) fn new(reason: impl fmt::Display) -> StartError {
        StartError(reason.to_string())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}
