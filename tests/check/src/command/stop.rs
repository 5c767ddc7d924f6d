//! Why the command ends early, and what to write instead.

/// What one writes most often, and what the exit codes say.
pub(super) const EXAMPLES: &str = "\
Most often:
  cargo run -p check -- --addr 127.0.0.1:8888 --through lesson03
  cargo run -p check -- --run \"python3 my_server.py {port}\"
  cargo run -p check -- break lesson01 silent-client

Exit code: 0 all that is required is ok, 1 something is not, 2 the command line is wrong,
3 the server could not be reached or started, 4 a probe itself is broken, 130 stopped by Ctrl-C.";

/// Why the command ends before it has a result.
pub(super) enum Stop {
    /// The command line is wrong.
    Usage(String),
    /// There is no server.
    NoServer(String),
}

impl Stop {
    /// Nothing says which server is asked.
    pub(super) fn no_target() -> Stop {
        Stop::Usage(format!("which server? Give --addr or --run.\n\n{EXAMPLES}"))
    }
}
