//! Exercise 01-2: a client that says nothing for a second is dropped.
//!
//! `SO_RCVTIMEO` makes recv give up with an error. The error ends the conversation, `serve`
//! closes the connection and accepts the next client: nothing else has to change.

use std::process::ExitCode;
use std::time::Duration;

use lesson01::{ReuseAddress, announce, answer, listen, resolve, serve};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_01_2",
    about: "Exercise 01-2: Hello, World! for everybody who asks within a second.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 5, ReuseAddress::Yes)?;
        announce(PROGRAM.name, &listener, address)?;
        serve(&listener, |client, number| {
            client.set_read_timeout(Some(Duration::from_secs(1)))?;
            answer(client, number, Duration::ZERO)
        })
    })
}
