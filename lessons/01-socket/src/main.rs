//! `cargo run -p lesson01`: a socket that answers `Hello, World!` to everybody.

// ANCHOR: imports
use std::process::ExitCode;

use lesson01::{ReuseAddress, answer, listen, resolve, serve};
use terminal::{Flag, Program};
// ANCHOR_END: imports

// ANCHOR: program
const PROGRAM: Program = Program {
    name: "lesson01",
    about: "Lesson 1, a socket that answers: Hello, World! for everybody, one at a time.",
    operand: None,
    flags: &[&[
        Flag {
            name: "backlog",
            value: "N",
            default: "5",
            help: "how many clients may wait to be accepted",
        },
        Flag {
            name: "delay",
            value: "SECS",
            default: "0",
            help: "sleep after the answer, before the close",
        },
        Flag {
            name: "no-reuseaddr",
            value: "",
            default: "",
            help: "leave SO_REUSEADDR out, to see EADDRINUSE",
        },
    ]],
};
// ANCHOR_END: program

// ANCHOR: main
fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let delay = flags.seconds("delay")?;
        let backlog = flags.number("backlog")?;
        let reuse = match flags.switch("no-reuseaddr") {
            true => ReuseAddress::No,
            false => ReuseAddress::Yes,
        };
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, backlog, reuse)?;
        lesson01::announce(PROGRAM.name, &listener, address)?;
        serve(&listener, |client, number| answer(client, number, delay))
    })
}
// ANCHOR_END: main
