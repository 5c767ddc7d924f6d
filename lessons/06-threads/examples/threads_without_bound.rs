//! A thread for each client, as many as come. One client too many, and there is no server.
//!
//! `cargo run -p lesson06 --example threads_without_bound`
//!
//! So that nothing but this program gets into trouble, it lowers its own limit first: it leaves
//! itself room for a few dozen stacks.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::{fs, io, thread};

use lesson01::{accept, announce};
use lesson02::Desk;
use lesson03::{Client, Options, demo};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use terminal::{Flag, Program};

const PROGRAM: Program = Program {
    name: "threads_without_bound",
    about: "Lesson 6 without its bound, and without looking at what `spawn` says.",
    operand: None,
    flags: &[&[ROOM]],
};

const ROOM: Flag = Flag {
    name: "room",
    value: "MIB",
    default: "64",
    help: "address space beyond what the program has when it starts",
};

// ANCHOR: without_bound
fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let options = Options {
            software: PROGRAM.name,
            ..Options::default()
        };
        let (listener, address, gateway) = options.listen(flags.text("addr"))?;
        let gateway = Arc::new(gateway);
        leave_room(flags.number("room")?)?;
        announce(PROGRAM.name, &listener, address)?;
        loop {
            let (client, peer) = accept(&listener);
            let gateway = Arc::clone(&gateway);
            thread::spawn(move || {
                let client = Client::new(client, peer);
                gateway.converse(client, &demo::application, &mut Desk::default());
            });
        }
    })
}
// ANCHOR_END: without_bound

// ANCHOR: leave_room
/// Limits the address space of this process to what it has now and so many mebibytes more.
fn leave_room(mebibytes: u64) -> io::Result<()> {
    let status = fs::read_to_string("/proc/self/status")?;
    // VmSize:     5980 kB
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let size = size.and_then(|size| size.split_whitespace().next()?.parse::<u64>().ok());
    let size = size.ok_or(io::Error::other("/proc/self/status has no VmSize"))?;
    let before = getrlimit(Resource::As);
    let lowered = Rlimit {
        current: Some(size * 1024 + mebibytes * 1024 * 1024),
        ..before
    };
    Ok(setrlimit(Resource::As, lowered)?)
}
// ANCHOR_END: leave_room
