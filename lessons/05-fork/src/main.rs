//! `cargo run -p lesson05`: a process for each connection.

// ANCHOR: imports
use std::process::ExitCode;

use lesson01::announce;
use lesson02::{LIMIT_FLAGS, SERVER_FLAGS};
use lesson03::{GATEWAY_FLAGS, Options, PACE_FLAGS, Registry};
use lesson05::{Ended, FORK_FLAGS, ForkingServer, Forks};
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
        SERVER_FLAGS,
        LIMIT_FLAGS,
        PACE_FLAGS,
        GATEWAY_FLAGS,
        FORK_FLAGS,
    ],
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let app = flags.operand().unwrap_or("demo:application");
        let app = Registry::demo().find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let forks = Forks::from_flags(flags)?;
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
