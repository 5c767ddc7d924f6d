//! Planted failure: a client is known by the number of its descriptor. News of one that has been
//! closed in the same round reaches the next one with that number.
//!
//! `cargo run -p lesson10 --example stale_event`. It has room for two clients; a third one takes the
//! place of the one that came first.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use lesson01::{ANSWER, ReuseAddress, announce, listen, resolve};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use socket2::Socket;
use terminal::{Program, say};

const PROGRAM: Program = Program {
    name: "stale_event",
    about: "Planted failure: news of one client reaches another.",
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

// ANCHOR: by_descriptor
/// Clients by the number of their descriptor, and since when they are here.
type Clients = BTreeMap<u64, (Instant, TcpStream)>;

fn serve(listener: &Socket) -> io::Result<()> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let door = listener.as_raw_fd() as u64;
    epoll::add(&epoll, listener, EventData::new_u64(door), EventFlags::IN)?;
    let mut clients = Clients::new();
    loop {
        let mut room = [const { MaybeUninit::uninit() }; 64];
        let (events, _) = epoll::wait(&epoll, &mut room, None)?;
        for event in events {
            let (flags, number) = (event.flags, event.data.u64());
            if number == door {
                make_room(&mut clients);
                // The kernel gives a newcomer the lowest number that is free.
                let client = TcpStream::from(listener.accept()?.0);
                let number = client.as_raw_fd() as u64;
                say(format_args!("{number} has come"));
                let wish = EventFlags::IN | EventFlags::RDHUP;
                epoll::add(&epoll, &client, EventData::new_u64(number), wish)?;
                clients.insert(number, (Instant::now(), client));
            } else if flags.contains(EventFlags::RDHUP) {
                say(format_args!("{number} has left"));
                clients.remove(&number);
            } else if let Some((_, client)) = clients.get_mut(&number) {
                answer(client);
            }
        }
    }
}

/// If there are two clients already, the one that came first has to go.
fn make_room(clients: &mut Clients) {
    let first = clients.iter().min_by_key(|(_, (since, _))| *since);
    if let Some(first) = first.map(|(number, _)| *number)
        && clients.len() == 2
    {
        say(format_args!("{first} has to go"));
        clients.remove(&first);
    }
}

/// Answers, and takes a second for it if the client asks for `/slow`.
fn answer(client: &mut TcpStream) {
    let mut head = [0; 1024];
    let count = client.read(&mut head).unwrap_or(0);
    if head[..count].starts_with(b"GET /slow ") {
        thread::sleep(Duration::from_secs(1));
    }
    let _ = client.write_all(ANSWER);
}
// ANCHOR_END: by_descriptor
