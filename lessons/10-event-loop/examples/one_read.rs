//! Planted failure: edge-triggered, and one read for each event. What the read leaves behind is
//! never told of again.
//!
//! `cargo run -p lesson10 --example one_read`, then send a head of more than 512 bytes.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::process::ExitCode;

use lesson01::{ANSWER, ReuseAddress, announce, listen, resolve};
use lesson02::{Limits, parse_head};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use socket2::Socket;
use terminal::Program;

const PROGRAM: Program = Program {
    name: "one_read",
    about: "Planted failure: an edge-triggered loop that reads once.",
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

// ANCHOR: one_read
const DOOR: u64 = 0;

/// A client, and what it has sent so far.
type Client = (TcpStream, Vec<u8>);

fn serve(listener: &Socket) -> io::Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, listener, EventData::new_u64(DOOR), EventFlags::IN)?;
    let mut clients: HashMap<u64, Client> = HashMap::new();
    let mut came = DOOR;
    loop {
        let mut room = [const { MaybeUninit::uninit() }; 64];
        let (events, _) = epoll::wait(&epoll, &mut room, None)?;
        for event in events {
            let number = event.data.u64();
            if number == DOOR {
                came += 1;
                let client = TcpStream::from(listener.accept()?.0);
                // "Tell me when something new comes", and only then.
                let edge = EventFlags::IN | EventFlags::ET;
                epoll::add(&epoll, &client, EventData::new_u64(came), edge)?;
                clients.insert(came, (client, Vec::new()));
            } else if clients.get_mut(&number).is_some_and(is_done) {
                clients.remove(&number);
            }
        }
    }
}

/// Reads once, and answers if that was the end of the head.
fn is_done((client, received): &mut Client) -> bool {
    let mut piece = [0; 512];
    match client.read(&mut piece) {
        Ok(0) | Err(_) => return true,
        Ok(count) => received.extend_from_slice(&piece[..count]),
    }
    match parse_head(received, &Limits::default()) {
        Ok(None) => false, // The rest will be told of. Will it?
        _ => client.write_all(ANSWER).is_ok(),
    }
}
// ANCHOR_END: one_read
