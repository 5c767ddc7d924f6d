//! Planted failure: a signal interrupts `accept`, and the server takes that for its end.
//!
//! `cargo run -p lesson05 --example interrupted_accept`

#![deny(unsafe_code)]

use std::process::ExitCode;

use lesson01::announce;
use lesson02::Desk;
use lesson03::{Client, Options, demo};
use lesson05::{Side, exit_child, fork};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::{WaitPidFlag, waitpid};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "interrupted_accept",
    about: "Planted failure: an interrupted accept ends the server.",
    operand: None,
    flags: &[],
};

extern "C" fn a_child_has_ended(_signal: i32) {
    // This one waits for all of them.
    while waitpid(None, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status.pid().is_some()) {}
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (listener, address, gateway) = Options::default().listen(flags.text("addr"))?;
        listener.set_read_timeout(None)?; // Lesson 2's would end `accept` by itself.
        let handler = SigHandler::Handler(a_child_has_ended);
        let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty()); // No SA_RESTART.
        // Safety: the handler makes one kind of system call, `waitpid`, which a handler may.
        #[allow(unsafe_code)]
        unsafe {
            sigaction(Signal::SIGCHLD, &action)?
        };
        announce(PROGRAM.name, &listener, address)?;
        let mut desk = Desk::default();
        // ANCHOR: naive
        loop {
            let (client, peer) = listener.accept()?; // EINTR is an error like any other, is it?
            if fork()? == Side::Child {
                let peer = peer.as_socket().unwrap_or(address);
                gateway.converse(Client::new(client, peer), &demo::application, &mut desk);
                exit_child(0);
            }
        }
        // ANCHOR_END: naive
    })
}
