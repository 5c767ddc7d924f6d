//! `cargo run -p lesson13`: Python's own frameworks.

// ANCHOR: main
use std::env;
use std::process::ExitCode;

use lesson13::{PROGRAM, PythonSettings, launch};

/// Finds a Python and becomes it. From there on the library does the work.
fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let settings = PythonSettings::from_flags(flags)?;
        let failed = launch(settings.python.as_deref(), env::args_os().skip(1));
        Err(failed.into())
    })
}
// ANCHOR_END: main
