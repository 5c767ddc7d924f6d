//! `cargo run -p lesson03`: any application behind a gateway, one request at a time.

// ANCHOR: imports
use std::process::ExitCode;

use lesson01::announce;
use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, Options, PACE_SETTINGS, Registry, WsgiServer};
use terminal::{Program, UsageError};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson03",
    about: "Lesson 3, the gateway: any application, one request at a time.",
    operand: Some((
        "MODULE:CALLABLE",
        "the application (default demo:application)",
    )),
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
    ],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Registry::demo()
            .find(flags.operand().unwrap_or("demo:application"))
            .map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let server = WsgiServer::bind(flags.text("addr"), app, options)?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}
// ANCHOR_END: main
