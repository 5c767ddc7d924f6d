//! A `fork` that fails every second time, as on a machine that has no more processes to give.
//!
//! `cargo run -p lesson05 --example no_more_processes`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lesson01::announce;
use lesson03::{Options, demo};
use lesson05::{ForkingServer, Forks, Side, fork};
use nix::errno::Errno;
use terminal::Program;

const PROGRAM: Program = Program {
    name: "no_more_processes",
    about: "Lesson 5 on a machine that has room for every second process.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let options = Options {
            software: PROGRAM.name,
            ..Options::default()
        };
        let (listener, address, gateway) = options.listen(flags.text("addr"))?;
        listener.set_nonblocking(true)?;
        let server = ForkingServer::new(gateway, Arc::new(demo::application), Forks::default())?;
        announce(PROGRAM.name, &listener, address)?;
        server.with_fork(fork_now_and_then).serve(listener);
        Ok(())
    })
}

// ANCHOR: now_and_then
/// `EAGAIN` is what `fork` says when the user has too many processes.
fn fork_now_and_then() -> nix::Result<Side> {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    match CALLS.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => fork(),
        _ => Err(Errno::EAGAIN),
    }
}
// ANCHOR_END: now_and_then
