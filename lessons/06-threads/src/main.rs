//! `cargo run -p lesson06`: a thread for each connection.

// ANCHOR: imports
use std::process::ExitCode;

use lesson01::announce;
use lesson02::{LIMIT_FLAGS, SERVER_FLAGS};
use lesson03::{GATEWAY_FLAGS, Options, PACE_FLAGS, Registry};
use lesson05::{Bell, Ended};
use lesson06::{THREAD_FLAGS, ThreadingServer, Threads};
use terminal::{Program, UsageError, say};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson06",
    about: "Lesson 6, a thread for each connection.",
    operand: Some((
        "MODULE:CALLABLE",
        "the application (default demo:application)",
    )),
    flags: &[
        SERVER_FLAGS,
        LIMIT_FLAGS,
        PACE_FLAGS,
        GATEWAY_FLAGS,
        THREAD_FLAGS,
    ],
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let app = flags.operand().unwrap_or("demo:application");
        let app = Registry::demo().find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let threads = Threads::from_flags(flags)?;
        let (listener, address, gateway) = options.listen(flags.text("addr"))?;
        listener.set_nonblocking(true)?;
        let stop = Bell::for_stop()?;
        let server = ThreadingServer::new(gateway, app, threads)?;
        announce(PROGRAM.name, &listener, address)?;
        ended = server.serve(listener, &stop);
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
