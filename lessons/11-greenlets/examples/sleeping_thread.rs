//! Two ways to wait on one thread: one that gives way, and one that makes everybody wait.
//!
//! `cargo run -p lesson11 --example sleeping_thread`, and then `/pause` and `/thread`.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{
    AppError, Body, Environ, GATEWAY_SETTINGS, Options, PACE_SETTINGS, StartResponse, pause,
};
use lesson05::stop_bell;
use lesson07::RULE_SETTINGS;
use lesson11::{GREEN_SETTINGS, GreenServer};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "sleeping_thread",
    about: "Greenlets, and an application that does not always give way.",
    operand: None,
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
        &RULE_SETTINGS,
        &GREEN_SETTINGS,
    ],
};

// ANCHOR: application
fn application(environ: &mut Environ, start: StartResponse) -> Result<Body, AppError> {
    const LONG: Duration = Duration::from_secs(3);
    match environ.get("PATH_INFO").as_deref() {
        Some("/pause") => pause(LONG), // The hub has its turn meanwhile.
        Some("/thread") => thread::sleep(LONG), // Nobody has.
        _ => {}
    }
    start.begin("200 OK", &[("Content-Type", "text/plain")])?;
    Ok("done\n".into())
}
// ANCHOR_END: application

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(application);
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let (rules, settings) = (flags.read(RULE_SETTINGS)?, flags.read(GREEN_SETTINGS)?);
        let stop = Arc::new(stop_bell()?);
        let server = GreenServer::bind(flags.text("addr"), app, options, rules, settings, stop)?;
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
