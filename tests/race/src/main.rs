//! `cargo run --release -p race`: what a request costs each server, beside the least it can cost.

#![forbid(unsafe_code)]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::run()
}
