//! What waits in a buffer is copied by a fork, and written by both.
//!
//! `cargo run -p lesson05 --example printed_twice | cat`, then with `-- flushed`

#![deny(unsafe_code)]

use std::process::ExitCode;

use lesson05::{Side, fork};
use nix::sys::wait::waitpid;
use nix::unistd::ForkResult;
use terminal::Program;

const PROGRAM: Program = Program {
    name: "printed_twice",
    about: "Prints a word and forks: with the bare system call, or with ours, which flushes.",
    operand: Some(("flushed", "to fork with lesson05::fork")),
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        // ANCHOR: twice
        print!("once ");
        let side = match flags.operand() {
            Some("flushed") => fork()?,
            _ => bare_fork()?,
        };
        if let Side::Parent(child) = side {
            waitpid(child, None)?;
        }
        Ok(()) // Both return from `main`, which flushes standard output.
        // ANCHOR_END: twice
    })
}

fn bare_fork() -> nix::Result<Side> {
    // Safety: this program has one thread.
    #[allow(unsafe_code)]
    let result = unsafe { nix::unistd::fork()? };
    Ok(match result {
        ForkResult::Parent { child } => Side::Parent(child),
        ForkResult::Child => Side::Child,
    })
}
