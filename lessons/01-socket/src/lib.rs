// ANCHOR: flow
//! Lesson 1: a socket that answers.
//!
//! New here: the eight system calls under every web server, each one visible.
//!
//! ```text
//! listen      socket → setsockopt → bind → listen      once
//! serve       accept → answer → close                  for each client, one at a time
//!   answer      recv → send                            one recv, one fixed answer
//! ```
//!
//! Still wrong, on purpose: one `recv` is taken for a whole request, so the server answers before
//! it knows what was asked (`cargo run -p check -- break lesson01 head-in-two-writes`), and a
//! client that says nothing holds up everybody behind it
//! (`cargo run -p check -- break lesson01 silent-client`).
// ANCHOR_END: flow

// ANCHOR: imports
#![forbid(unsafe_code)]

mod accept;
mod address;
mod listen;

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::Socket;
use terminal::{ready, say, visible};

pub use accept::{accept, recover};
pub use address::resolve;
pub use listen::{CallError, ReuseAddress, listen};
// ANCHOR_END: imports

// ANCHOR: announce
/// Says where the server listens: the descriptor, a warning if it is every interface, and the
/// ready line with the real port.
pub fn announce(program: &str, listener: &Socket, asked: SocketAddr) -> io::Result<()> {
    say(format_args!(
        "listening socket: descriptor {}",
        listener.as_raw_fd()
    ));
    if asked.ip().is_unspecified() {
        say("notice: every interface of this machine, so other machines can connect");
    }
    let bound = listener.local_addr()?.as_socket().unwrap_or(asked);
    ready(program, bound);
    Ok(())
}
// ANCHOR_END: announce

// ANCHOR: serve
/// Serves one client after the other, for ever.
///
/// `converse` gets the connection and its number. When it returns, the connection is closed,
/// whatever happened on it: an error on one connection says nothing about the next.
pub fn serve(listener: &Socket, converse: impl Fn(&Socket, u64) -> io::Result<()>) -> ! {
    let mut number = 0;
    loop {
        let (client, peer) = accept(listener);
        number += 1;
        introduce(&client, peer, number);
        if let Err(error) = converse(&client, number) {
            say(format_args!("connection {number}: {error}"));
        }
        drop(client); // close
    }
}
// ANCHOR_END: serve

// ANCHOR: introduce
/// Prints what tells this connection from every other: our descriptor and the socket pair.
fn introduce(client: &Socket, peer: SocketAddr, number: u64) {
    let descriptor = client.as_raw_fd();
    match client.local_addr().map(|local| local.as_socket()) {
        Ok(Some(local)) => {
            say(format_args!(
                "connection {number}: descriptor {descriptor}, {local} <- {peer}"
            ));
        }
        _ => say(format_args!(
            "connection {number}: descriptor {descriptor}, from {peer}"
        )),
    }
}
// ANCHOR_END: introduce

// ANCHOR: the_answer
/// What this server says to everybody.
pub const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 13\r\n\
    Connection: close\r\n\
    \r\n\
    Hello, World!";
// ANCHOR_END: the_answer

// ANCHOR: answer
/// Receives once, sends the answer, then sleeps for `delay` with the connection still open.
///
/// One `recv` returns whatever has arrived: a part of a request, a whole one, or more. Taking it
/// for a request is the mistake that lesson 2 mends.
pub fn answer(mut client: &Socket, number: u64, delay: Duration) -> io::Result<()> {
    let mut buffer = [0; 1024];
    let count = client.read(&mut buffer)?; // recv
    if count == 0 {
        say(format_args!(
            "connection {number}: closed by the client, nothing was asked"
        ));
        return Ok(());
    }
    say(format_args!("connection {number}: received {count} bytes"));
    for line in buffer[..count].split_inclusive(|&byte| byte == b'\n') {
        say(format_args!("  {}", visible(line)));
    }
    client.write_all(ANSWER)?; // send
    std::thread::sleep(delay);
    Ok(())
}
// ANCHOR_END: answer
