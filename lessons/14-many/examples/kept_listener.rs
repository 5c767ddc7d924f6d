//! A planted failure: a supervisor that keeps its own descriptor of the listener until the end.
//!
//! Its workers have left, and have served everybody whom they found. Whoever comes now is let in by
//! the kernel, as the socket still listens, and nobody will ever serve them. When the supervisor
//! ends, they are reset.
//!
//! `cargo run -p lesson14 --example kept_listener`; a line on its standard input is `SIGTERM`, and
//! the end of its standard input is the end of the supervisor.

#![forbid(unsafe_code)]

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use lesson01::{ReuseAddress, listen, resolve};
use lesson03::Bell;
use lesson05::accept_last;
use rustix::event::{PollFd, PollFlags, poll};
use socket2::Socket;
use terminal::{Program, ready, say};

const PROGRAM: Program = Program {
    name: "kept_listener",
    about: "A supervisor that does not let go of the listener before its worker does.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let listener = listen(resolve(flags.text("addr"))?, 128, ReuseAddress::Yes)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?.as_socket();
        let address = address.ok_or("we listen at IPv4 and IPv6 addresses only")?;
        let stop = Arc::new(Bell::new()?);
        // The worker has a descriptor of its own, as after a fork.
        let (of_worker, bell) = (listener.try_clone()?, Arc::clone(&stop));
        let worker = thread::spawn(move || work(of_worker, &bell));
        ready(PROGRAM.name, address);
        let mut lines = io::stdin().lock().lines();
        let _ = lines.next();
        stop.ring();
        let _ = worker.join();
        say("the worker has left");
        // The supervisor has more to do, or waits for a worker that takes longer than this one.
        let _ = lines.next();
        drop(listener);
        Ok(())
    })
}

/// Serves until it is asked to stop, then those who are there, and leaves.
fn work(listener: Socket, stop: &Bell) {
    loop {
        let wish = |what| PollFd::from_borrowed_fd(what, PollFlags::IN);
        let mut both = [
            wish(std::os::fd::AsFd::as_fd(&listener)),
            wish(std::os::fd::AsFd::as_fd(stop)),
        ];
        let _ = poll(&mut both, None);
        while let Ok(Some((client, _))) = accept_last(&listener) {
            let _ = answer(client.into());
        }
        if stop.has_rung() {
            return;
        }
    }
}

fn answer(mut client: TcpStream) -> io::Result<()> {
    client.set_nonblocking(false)?;
    let _ = client.read(&mut [0; 1024])?;
    client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
}
