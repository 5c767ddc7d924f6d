//! `cargo run -p lesson07`: a pool of workers.

// ANCHOR: imports
use std::process::ExitCode;
use std::sync::Arc;

use lesson02::{LIMIT_FLAGS, SERVER_FLAGS};
use lesson03::{GATEWAY_FLAGS, Options, PACE_FLAGS, Registry};
use lesson05::{Bell, Ended};
use lesson07::{POOL_FLAGS, PoolServer, PoolSettings};
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
        SERVER_FLAGS,
        LIMIT_FLAGS,
        PACE_FLAGS,
        GATEWAY_FLAGS,
        POOL_FLAGS,
    ],
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let app = flags.operand().unwrap_or("demo:application");
        let app = Registry::demo().find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let settings = PoolSettings::from_flags(flags)?;
        let stop = Arc::new(Bell::for_stop()?);
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
