//! Planted failure: a loop that keeps a client's deadline by sleeping. The one thread that everybody
//! needs sleeps along.
//!
//! `cargo run -p lesson10 --example slept_deadline`, then send half a head, twice.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use lesson01::{ANSWER, ReuseAddress, announce, listen, resolve};
use lesson02::{Limits, parse_head};
use lesson09::{Poller, Token, Wish};
use socket2::Socket;
use terminal::Program;

const PROGRAM: Program = Program {
    name: "slept_deadline",
    about: "Planted failure: a loop that sleeps until a client's time is up.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        announce(PROGRAM.name, &listener, address)?;
        Ok(serve(&listener)?)
    })
}

// ANCHOR: sleeps
const DOOR: Token = Token::special(0);

fn serve(listener: &Socket) -> io::Result<()> {
    let mut poller = Poller::new()?;
    poller.change(listener, DOOR, Wish::Nothing, Wish::ToRead)?;
    let mut clients: BTreeMap<Token, TcpStream> = BTreeMap::new();
    for number in 1.. {
        poller.wait(None)?;
        while let Some((token, _)) = poller.next_ready() {
            if token == DOOR {
                let client = TcpStream::from(listener.accept()?.0);
                client.set_nonblocking(true)?;
                let token = Token::special(number);
                poller.change(&client, token, Wish::Nothing, Wish::ToRead)?;
                clients.insert(token, client);
            } else if let Some(client) = clients.remove(&token) {
                converse(client);
            }
        }
    }
    Ok(())
}

/// Answers a client, which has two seconds for the rest of its head.
fn converse(mut client: TcpStream) {
    let until = Instant::now() + Duration::from_secs(2);
    let mut received = Vec::new();
    while let Ok(None) = parse_head(&received, &Limits::default()) {
        let mut piece = [0; 1024];
        match client.read(&mut piece) {
            Ok(count @ 1..) => received.extend_from_slice(&piece[..count]),
            // Nothing yet. It does not take all of the processor, so it must be right?
            Err(_) if Instant::now() < until => thread::sleep(Duration::from_millis(10)),
            _ => return,
        }
    }
    let _ = client.write_all(ANSWER);
}
// ANCHOR_END: sleeps
