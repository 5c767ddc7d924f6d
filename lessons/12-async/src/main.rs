//! `cargo run -p lesson12`: async.

// ANCHOR: imports
use std::process::ExitCode;
use std::sync::Arc;

use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, Options, PACE_SETTINGS, Registry};
use lesson05::{Ended, stop_bell};
use lesson07::RULE_SETTINGS;
use lesson08::demo::mounted;
use lesson09::{SOCKET_SETTINGS, SocketRules, WebSocketPlugin};
use lesson12::{ASYNC_SETTINGS, AsyncServer, demo};
use terminal::{Program, UsageError, ready, say};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson12",
    about: "Lesson 12, async: a task for each connection, on tokio.",
    operand: Some(("MODULE:CALLABLE", "the application (default demo:mounted)")),
    flags: &[
        &SERVER_SETTINGS,
        &LIMIT_SETTINGS,
        &PACE_SETTINGS,
        &GATEWAY_SETTINGS,
        &RULE_SETTINGS,
        &ASYNC_SETTINGS,
        &SOCKET_SETTINGS,
    ],
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let registry = Registry::demo().callable("demo", "mounted", mounted()?);
        let app = flags.operand().unwrap_or("demo:mounted");
        let app = registry.find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let (rules, settings) = (flags.read(RULE_SETTINGS)?, flags.read(ASYNC_SETTINGS)?);
        let plugin = WebSocketPlugin::without_driver(SocketRules::from_flags(flags)?);
        let app = Arc::new(lesson09::demo::around(app, &plugin)?);
        let stop = Arc::new(stop_bell()?);
        let mut server =
            AsyncServer::bind(flags.text("addr"), app, options, rules, settings, stop)?;
        server.set_upgrader(Some(plugin));
        demo::mount(&mut server);
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
