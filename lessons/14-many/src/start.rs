//! A supervisor or a worker: what the command line asks for.

// ANCHOR: imports
use std::error::Error;

use lesson01::{ReuseAddress, listen, resolve};
use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS, Settings};
use lesson03::{GATEWAY_SETTINGS, PACE_SETTINGS};
use lesson05::Ended;
use lesson07::{RULE_SETTINGS, Rules};
use lesson09::SOCKET_SETTINGS;
use lesson10::LOOP_SETTINGS;
use socket2::Socket;
use terminal::{Arguments, Table, say};

use crate::inherit::inherited_listener;
use crate::python::python_worker;
use crate::roster::Roster;
use crate::settings::{PROCESS_SETTINGS, ProcessSettings, TRUST_SETTINGS};
use crate::supervisor::{Supervisor, myself};
use crate::worker::{Around, check, serve};
// ANCHOR_END: imports

// ANCHOR: start
/// Every flag of this lesson.
pub const FLAGS: &[&dyn Table] = &[
    &PROCESS_SETTINGS,
    &TRUST_SETTINGS,
    &SERVER_SETTINGS,
    &LIMIT_SETTINGS,
    &PACE_SETTINGS,
    &GATEWAY_SETTINGS,
    &RULE_SETTINGS,
    &LOOP_SETTINGS,
    &SOCKET_SETTINGS,
];

/// A supervisor, or with `--workers 0` a worker, until somebody says stop.
pub fn start(
    flags: &Arguments,
    name: &'static str,
    around: Around<'_>,
) -> Result<Ended, Box<dyn Error>> {
    let inherited = inherited_listener()?;
    let is_alone = inherited.is_none();
    let processes: ProcessSettings = flags.read(PROCESS_SETTINGS)?;
    let ended = match processes.workers {
        0 => serve(flags, name, inherited, around)?,
        _ => supervise(flags, name, &processes, inherited)?,
    };
    if is_alone || processes.workers > 0 {
        say("stopped");
    }
    Ok(ended)
}
// ANCHOR_END: start

// ANCHOR: supervise
/// Listens, and lets others serve.
fn supervise(
    flags: &Arguments,
    name: &'static str,
    processes: &ProcessSettings,
    inherited: Option<Socket>,
) -> Result<Ended, Box<dyn Error>> {
    check(flags, name)?;
    let settings = Settings::from_flags(flags)?;
    let rules: Rules = flags.read(RULE_SETTINGS)?;
    let command = match &processes.app {
        Some(app) => python_worker(app, flags)?,
        None => myself(&["--workers", "0"])?,
    };
    let is_inherited = inherited.is_some();
    let listener = match inherited {
        Some(listener) => listener,
        None => {
            let address = resolve(flags.text("addr"))?;
            listen(address, settings.backlog, ReuseAddress::Yes)?
        }
    };
    let roster = Roster::new(processes.workers, processes.patience(rules.stop_timeout));
    Supervisor::new(name, command, listener, is_inherited, roster)?.run()
}
// ANCHOR_END: supervise
