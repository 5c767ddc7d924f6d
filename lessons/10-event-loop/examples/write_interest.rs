//! Planted failure: every socket is watched for room to write, whether anything waits or not. One
//! idle client is enough for all of a processor.
//!
//! `cargo run -p lesson10 --example write_interest`, then connect and say nothing.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::process::ExitCode;

use lesson01::{ANSWER, ReuseAddress, announce, listen, resolve};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use socket2::Socket;
use terminal::{Program, say};

const PROGRAM: Program = Program {
    name: "write_interest",
    about: "Planted failure: a loop that always wants to write.",
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

// ANCHOR: always_writable
const DOOR: u64 = 0;

fn serve(listener: &Socket) -> io::Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, listener, EventData::new_u64(DOOR), EventFlags::IN)?;
    let mut clients: HashMap<u64, TcpStream> = HashMap::new();
    let (mut came, mut wakes) = (DOOR, 0u64);
    loop {
        let mut room = [const { MaybeUninit::uninit() }; 64];
        let (events, _) = epoll::wait(&epoll, &mut room, None)?;
        wakes += 1;
        if wakes.is_multiple_of(100_000) {
            say(format_args!("awake for the {wakes}th time"));
        }
        for event in events {
            let (flags, number) = (event.flags, event.data.u64());
            if number == DOOR {
                came += 1;
                let client = TcpStream::from(listener.accept()?.0);
                // "Tell me when there is room to write": there always is, until much is unsent.
                let both = EventFlags::IN | EventFlags::OUT;
                epoll::add(&epoll, &client, EventData::new_u64(came), both)?;
                clients.insert(came, client);
            } else if flags.contains(EventFlags::IN)
                && let Some(mut client) = clients.remove(&number)
            {
                let _ = client.read(&mut [0; 4096]);
                let _ = client.write_all(ANSWER);
            }
        }
    }
}
// ANCHOR_END: always_writable
