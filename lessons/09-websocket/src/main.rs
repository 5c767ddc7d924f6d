//! `cargo run -p lesson09`: WebSocket.

// ANCHOR: imports
use std::process::ExitCode;
use std::sync::Arc;

use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{Bell, GATEWAY_SETTINGS, Options, PACE_SETTINGS, Registry};
use lesson05::{Ended, ring_on_signals, stop_bell};
use lesson07::{POOL_SETTINGS, PoolServer, PoolSettings, RULE_SETTINGS};
use lesson08::{CertificateKeeper, TLS_SETTINGS, TlsSettings};
use lesson09::{SOCKET_SETTINGS, SocketRules, WebSocketPlugin, demo};
use signal_hook::consts::SIGHUP;
use terminal::{Program, UsageError, ready, ready_with_tls, say};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson09",
    about: "Lesson 9, WebSocket: messages both ways, and one thread for all who are quiet.",
    operand: Some(("MODULE:CALLABLE", "the application (default demo:mounted)")),
    flags: &[
        &SOCKET_SETTINGS,
        &TLS_SETTINGS,
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
        let registry = Registry::demo().callable("demo", "mounted", lesson08::demo::mounted()?);
        let app = flags.operand().unwrap_or("demo:mounted");
        let app = registry.find(app).map_err(UsageError::new)?;
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let settings = PoolSettings::from_flags(flags)?;
        let plugin = WebSocketPlugin::start(SocketRules::from_flags(flags)?)?;
        let app = Arc::new(demo::around(app, &plugin)?);
        let tls = TlsSettings::from_flags(flags)?;
        let stop = Arc::new(stop_bell()?);
        let server = PoolServer::bind(flags.text("addr"), app, options, settings, stop)?;
        let server = Arc::new(server);
        plugin.subscribe(&server);
        match tls {
            None => ready(PROGRAM.name, server.address()),
            Some(tls) => {
                let keeper = CertificateKeeper::new(tls, server.address(), PROGRAM.name);
                server.set_adapter(Some(Arc::new(keeper.adapter()?)));
                let renew = Bell::new()?;
                ring_on_signals(&renew, &[SIGHUP])?;
                keeper.renew_when_rung(renew, Arc::clone(&server))?;
                ready_with_tls(PROGRAM.name, server.address());
            }
        }
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
