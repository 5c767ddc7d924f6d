//! `cargo run -p lesson07`: a pool of workers.

// ANCHOR: imports
use std::process::ExitCode;
use std::sync::Arc;

use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, Options, PACE_SETTINGS, Registry};
use lesson05::{Ended, stop_bell};
use lesson07::{POOL_SETTINGS, PoolServer, PoolSettings, RULE_SETTINGS};
use terminal::{Program, UsageError, ready, say};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson07",
    about: "Lesson 7, a pool of workers, and connections that stay.",
    operand: Some((
        "MODULE:CALLABLE",
        "the application (default demo:application)",
    )),
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
        &POOL_SETTINGS,
        &RULE_SETTINGS,
    ],
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let app = flags.operand().unwrap_or("demo:application");
        let app = Registry::demo().find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let settings = PoolSettings::from_flags(flags)?;
        let stop = Arc::new(stop_bell()?);
        let server = PoolServer::bind(flags.text("addr"), app, options, settings, stop)?;
        ready(PROGRAM.name, server.address());
        ended = server.start()?;
        say("stopped");
        Ok(())
    });
    if ended == Ended::Forced {
        ExitCode::FAILURE
    } else {
        code
    }
}
// ANCHOR_END: main
