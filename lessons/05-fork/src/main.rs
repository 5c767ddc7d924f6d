//! `cargo run -p lesson05`: a process for each connection.

// ANCHOR: imports
use std::process::ExitCode;

use lesson01::announce;
use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, Options, PACE_SETTINGS, Registry};
use lesson05::{Ended, FORK_SETTINGS, ForkingServer};
use terminal::{Program, UsageError, say};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson05",
    about: "Lesson 5, a process for each connection.",
    operand: Some((
        "MODULE:CALLABLE",
        "the application (default demo:application)",
    )),
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
        &FORK_SETTINGS,
    ],
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let app = flags.operand().unwrap_or("demo:application");
        let app = Registry::demo().find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let forks = flags.read(FORK_SETTINGS)?;
        let (listener, address, gateway) = options.listen(flags.text("addr"))?;
        listener.set_nonblocking(true)?;
        let server = ForkingServer::new(gateway, app, forks)?;
        announce(PROGRAM.name, &listener, address)?;
        ended = server.serve(listener);
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
