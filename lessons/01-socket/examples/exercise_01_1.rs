//! Exercise 01-1: the answer tells the client who it is.
//!
//! The server's second half of the socket pair is the client's address: `peer_addr`.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use lesson01::{ReuseAddress, announce, listen, resolve, serve};
use socket2::Socket;
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_01_1",
    about: "Exercise 01-1: Hello, 127.0.0.1:50312!",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 5, ReuseAddress::Yes)?;
        announce(PROGRAM.name, &listener, address)?;
        serve(&listener, |client, _| answer(client))
    })
}

fn answer(mut client: &Socket) -> io::Result<()> {
    if client.read(&mut [0; 1024])? == 0 {
        return Ok(());
    }
    let body = match client.peer_addr()?.as_socket() {
        Some(peer) => format!("Hello, {peer}!\n"),
        None => "Hello, whoever you are!\n".to_owned(),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Connection: close\r\n\
         \r\n"
    );
    client.write_all((head + &body).as_bytes())
}
