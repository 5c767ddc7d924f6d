//! The timeout that most first servers have: one for each read. A client that drips stays.
//!
//! `cargo run -p lesson02 --example timeout_per_read -- --read-timeout 1`
//!
//! Every byte starts the clock again, so a client that sends one in time, again and again, is
//! never late. Lesson 2 has one deadline for the whole head instead.

#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::process::ExitCode;

use lesson01::{ReuseAddress, accept, announce, listen, resolve};
use lesson02::{Clock, Limits, Page, Scanner};
use socket2::Socket;
use terminal::{Flag, Program, say};

const PROGRAM: Program = Program {
    name: "timeout_per_read",
    about: "Hello, World! for everybody, with a timeout for each read.",
    operand: None,
    flags: &[&[READ_TIMEOUT]],
};

const READ_TIMEOUT: Flag = Flag {
    name: "read-timeout",
    value: "SECS",
    default: "10",
    help: "for each piece of the head",
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let read_timeout = flags.seconds("read-timeout")?;
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        announce(PROGRAM.name, &listener, address)?;
        loop {
            let (client, _) = accept(&listener);
            client.set_read_timeout(Some(read_timeout))?;
            if let Err(error) = converse(client) {
                say(format_args!("nobody to answer: {error}"));
            }
        }
    })
}

// ANCHOR: converse
fn converse(mut client: Socket) -> io::Result<()> {
    let limits = Limits::default();
    let mut scanner = Scanner::default();
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    let page = loop {
        let count = client.read(&mut piece)?; // waits for the timeout, each time anew
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&piece[..count]);
        match scanner.scan(&head, &limits) {
            Ok(Some(_)) => break Page::text("200 OK", "Hello, World!"),
            Ok(None) => {}
            Err(fault) => break fault.into(),
        }
    };
    let mut answer = Vec::new();
    page.write(PROGRAM.name, Clock::default().date(), true, &mut answer);
    client.write_all(&answer)
}
// ANCHOR_END: converse
