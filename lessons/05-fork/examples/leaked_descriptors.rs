//! Planted failure: the parent keeps its copy of every client's descriptor.
//!
//! `cargo run -p lesson05 --example leaked_descriptors`

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::{accept, announce};
use lesson02::Desk;
use lesson03::{Client, Options, demo};
use lesson05::{Children, Side, exit_child, fork};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "leaked_descriptors",
    about: "Planted failure: the parent never closes a client.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (listener, address, gateway) = Options::default().listen(flags.text("addr"))?;
        announce(PROGRAM.name, &listener, address)?;
        let (mut desk, mut children) = (Desk::default(), Children::default());
        // ANCHOR: leak
        let mut kept = Vec::new();
        loop {
            children.reap();
            let (client, peer) = accept(&listener);
            if fork()? == Side::Child {
                drop(listener);
                gateway.converse(Client::new(client, peer), &demo::application, &mut desk);
                exit_child(0);
            }
            kept.push(client); // It should be closed here.
        }
        // ANCHOR_END: leak
    })
}
