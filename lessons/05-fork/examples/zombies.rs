//! Planted failure: nobody asks how the children ended.
//!
//! `cargo run -p lesson05 --example zombies`

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::{accept, announce};
use lesson02::Desk;
use lesson03::{Client, Options, demo};
use lesson05::{Side, exit_child, fork};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "zombies",
    about: "Planted failure: nobody waits for the children.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (listener, address, gateway) = Options::default().listen(flags.text("addr"))?;
        announce(PROGRAM.name, &listener, address)?;
        let mut desk = Desk::default();
        // ANCHOR: nobody_waits
        loop {
            let (client, peer) = accept(&listener);
            if fork()? == Side::Child {
                drop(listener);
                gateway.converse(Client::new(client, peer), &demo::application, &mut desk);
                exit_child(0);
            }
            drop(client);
        }
        // ANCHOR_END: nobody_waits
    })
}
