//! The languages in which a server can be started, and what each needs.

use clap::ValueEnum;

/// A language for a server of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// With the crates that the book uses
    Rust,
    /// The standard library alone
    Python,
    /// Node and its standard library
    Node,
    /// The standard library alone
    Go,
}

impl Language {
    /// The file that its author edits.
    pub(super) fn edited(self) -> &'static str {
        match self {
            Language::Rust => "src/main.rs",
            Language::Python => "server.py",
            Language::Node => "server.js",
            Language::Go => "main.go",
        }
    }

    /// A program that starts, says where it should listen, and does not.
    pub(super) fn stub(self) -> &'static str {
        match self {
            Language::Rust => include_str!("../../../starters/rust/main.rs"),
            Language::Python => include_str!("../../../starters/python/server.py"),
            Language::Node => include_str!("../../../starters/node/server.js"),
            Language::Go => include_str!("../../../starters/go/main.go"),
        }
    }

    /// The command that builds it, if it has to be built.
    pub(super) fn build(self) -> Option<&'static str> {
        match self {
            Language::Rust => Some("cargo build --quiet --target-dir target"),
            Language::Go => Some("go build -o mine ."),
            Language::Python | Language::Node => None,
        }
    }

    /// The command that starts it: the program itself and no wrapper around it, since signals and
    /// descriptors are probed.
    pub(super) fn run(self) -> &'static str {
        match self {
            Language::Rust => "target/debug/mine {port}",
            Language::Python => "python3 server.py {port}",
            Language::Node => "node server.js {port}",
            Language::Go => "./mine {port}",
        }
    }

    /// What a version control should leave out.
    pub(super) fn ignored(self) -> &'static str {
        match self {
            Language::Rust => "/target\n",
            Language::Python => "__pycache__/\n",
            Language::Node => "node_modules/\n",
            Language::Go => "/mine\n",
        }
    }
}
