//! `cargo run -p lesson02`: `Hello, World!` for every valid request, a reason for every other.

// ANCHOR: imports
use std::process::ExitCode;
use std::thread;

use lesson01::{ReuseAddress, announce, listen, resolve};
use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS, Settings, arm, hello, serve};
use terminal::{Flag, Program};
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson02",
    about: "Lesson 2, a request: what was asked, or what was wrong with it.",
    operand: None,
    flags: &[&SERVER_SETTINGS, &LIMIT_SETTINGS, &[DELAY]],
};

const DELAY: Flag = Flag {
    name: "delay",
    value: "SECS",
    default: "0",
    help: "sleep before each answer",
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let settings = Settings::from_flags(flags)?;
        let delay = flags.seconds("delay")?;
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, settings.backlog, ReuseAddress::Yes)?;
        arm(&listener, &settings.limits)?;
        announce(PROGRAM.name, &listener, address)?;
        serve(&listener, &settings, |request| {
            thread::sleep(delay);
            hello(request)
        })
    })
}
// ANCHOR_END: main
