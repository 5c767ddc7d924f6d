//! A server in one call, as wsocket has it.
//!
//! `cargo run -p lesson06 --example run_demo`, and Ctrl-C.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson06::{Run, run};
use terminal::{Program, UsageError};

const PROGRAM: Program = Program {
    name: "run_demo",
    about: "The demo application on the threads of lesson 6, in one call.",
    operand: None,
    flags: &[],
};

// ANCHOR: run_demo
fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (host, port) = host_and_port(flags.text("addr"))?;
        run(Run {
            host,
            port,
            ..Run::default()
        })?;
        Ok(())
    })
}
// ANCHOR_END: run_demo

/// `run` wants the two by themselves, as wsocket's does. An IPv6 address comes in brackets.
fn host_and_port(address: &str) -> Result<(String, u16), UsageError> {
    let wrong = || UsageError::new(format!("--addr takes HOST:PORT, not {address:?}"));
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
}
