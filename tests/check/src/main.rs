//! `cargo run -p check`: probes for a server of your own, in any language.

#![forbid(unsafe_code)]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
