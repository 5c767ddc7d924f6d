//! Lesson 2 with the last step of its loop in your hands: how is a connection closed?
//!
//! `cargo run -p lesson02 --example close_at_once -- --ending clean`
//!
//! `clean` closes at once, whatever the client has sent and nobody has read: the planted failure.
//! `drain` is what lesson 2 does when input may remain. `reset` breaks off on purpose.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::{ReuseAddress, accept, announce, listen, resolve};
use lesson02::{Connection, Desk, Ending, Limits, Page, arm};
use terminal::{Flag, Program, UsageError};

const PROGRAM: Program = Program {
    name: "close_at_once",
    about: "Answers after the head and then closes, in one of three ways.",
    operand: None,
    flags: &[&[ENDING]],
};

const ENDING: Flag = Flag {
    name: "ending",
    value: "WAY",
    default: "clean",
    help: "clean, drain or reset",
};

fn ending(way: &str) -> Result<Ending, UsageError> {
    match way {
        "clean" => Ok(Ending::Clean),
        "drain" => Ok(Ending::Drain),
        "reset" => Ok(Ending::Reset),
        _ => Err(UsageError::new("--ending takes clean, drain or reset")),
    }
}

// ANCHOR: close_at_once
fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let ending = ending(flags.text("ending"))?;
        let limits = Limits::default();
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        arm(&listener, &limits)?;
        announce(PROGRAM.name, &listener, address)?;
        let mut desk = Desk::default();
        loop {
            let (client, _) = accept(&listener);
            let mut connection = Connection::new(client.into(), &mut desk.input, &limits, false);
            let page = match connection.receive_head(&mut desk.input, &mut desk.head, &limits) {
                Ok(true) => Page::text("200 OK", "Hello, World!"),
                Ok(false) => continue,
                Err(fault) => fault.into(),
            };
            desk.output.clear();
            page.write(PROGRAM.name, desk.clock.date(), true, &mut desk.output);
            // A client that has left needs no answer; the close is the same either way.
            let _ = connection.send(&desk.output);
            connection.close(ending, &limits);
        }
    })
}
// ANCHOR_END: close_at_once
