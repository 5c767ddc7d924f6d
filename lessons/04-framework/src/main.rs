//! `cargo run -p lesson04`: the framework's demo, on the server of lesson 3.

// ANCHOR: imports
use std::process::ExitCode;

use lesson01::announce;
use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, Options, PACE_SETTINGS, Registry, WsgiServer};
use terminal::{Flag, Program, UsageError};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson04",
    about: "Lesson 4, a framework: routes and responses, on the server of lesson 3.",
    operand: Some(("MODULE:CALLABLE", "the application (default framework:app)")),
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
        &[DEBUG],
    ],
};

const DEBUG: Flag = Flag {
    name: "debug",
    value: "",
    default: "",
    help: "show clients why a handler failed; never where strangers can look",
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let mut framework = lesson04::demo::app();
        framework.debug(flags.switch("debug"));
        let registry = Registry::demo().callable("framework", "app", framework);
        let app = registry
            .find(flags.operand().unwrap_or("framework:app"))
            .map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let server = WsgiServer::bind(flags.text("addr"), app, options)?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}
// ANCHOR_END: main
