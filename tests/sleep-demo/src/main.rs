//! `cargo run -p sleep-demo`: how four kinds of servers wait, as a picture.

#![forbid(unsafe_code)]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
