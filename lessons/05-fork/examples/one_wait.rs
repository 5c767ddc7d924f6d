//! Planted failure: one `waitpid` for each `SIGCHLD`, as if signals were counted.
//!
//! `cargo run -p lesson05 --example one_wait`

#![deny(unsafe_code)]

use std::process::ExitCode;

use lesson01::{accept, announce};
use lesson02::Desk;
use lesson03::{Client, Options, demo};
use lesson05::{Side, exit_child, fork};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::{WaitPidFlag, waitpid};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "one_wait",
    about: "Planted failure: one wait for each SIGCHLD.",
    operand: None,
    flags: &[],
};

// ANCHOR: handler
/// Runs whenever `SIGCHLD` arrives, wherever the program is at that moment.
extern "C" fn a_child_has_ended(_signal: i32) {
    // There is nobody to tell if it fails.
    let _ = waitpid(None, Some(WaitPidFlag::WNOHANG));
}
// ANCHOR_END: handler

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (listener, address, gateway) = Options::default().listen(flags.text("addr"))?;
        let handler = SigHandler::Handler(a_child_has_ended);
        let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
        // Safety: the handler makes one kind of system call, `waitpid`, which a handler may.
        #[allow(unsafe_code)]
        unsafe {
            sigaction(Signal::SIGCHLD, &action)?
        };
        announce(PROGRAM.name, &listener, address)?;
        let mut desk = Desk::default();
        loop {
            let (client, peer) = accept(&listener);
            if fork()? == Side::Child {
                drop(listener);
                gateway.converse(Client::new(client, peer), &demo::application, &mut desk);
                exit_child(0);
            }
        }
    })
}
