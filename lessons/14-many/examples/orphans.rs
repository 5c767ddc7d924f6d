//! A planted failure: workers that nobody has told to leave when their supervisor ends.
//!
//! `cargo run -p lesson14 --example orphans`, then `kill -9` its process: the port is taken, by
//! processes of which nobody knows any more.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, ExitCode};

use lesson01::{ReuseAddress, listen, resolve};
use terminal::{Program, ready, say};

const PROGRAM: Program = Program {
    name: "orphans",
    about: "A supervisor whose workers outlive it.",
    operand: None,
    flags: &[],
};

/// Who has this in its environment is a worker, and its standard input is the listener.
const WORKER: &str = "ORPHANS_WORKER";

fn main() -> ExitCode {
    if env::var_os(WORKER).is_some() {
        return match work() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(error);
                ExitCode::FAILURE
            }
        };
    }
    PROGRAM.run(|flags| {
        let listener = listen(resolve(flags.text("addr"))?, 128, ReuseAddress::Yes)?;
        let address = listener.local_addr()?.as_socket();
        let mut workers = Vec::new();
        for _ in 0..2 {
            let socket = OwnedFd::from(listener.try_clone()?);
            let mut command = Command::new(env::current_exe()?);
            // What is missing here is one call: PR_SET_PDEATHSIG, in the child.
            workers.push(command.env(WORKER, "1").stdin(socket).spawn()?);
        }
        ready(
            PROGRAM.name,
            address.ok_or("we listen at IPv4 and IPv6 addresses only")?,
        );
        for mut worker in workers {
            worker.wait()?;
        }
        Ok(())
    })
}

fn work() -> io::Result<()> {
    let listener = TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    loop {
        let (client, _) = listener.accept()?;
        let _ = answer(client);
    }
}

fn answer(mut client: TcpStream) -> io::Result<()> {
    let _ = client.read(&mut [0; 1024])?;
    let body = std::process::id().to_string();
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
    write!(client, "{head} {}\r\n\r\n{body}", body.len())
}
