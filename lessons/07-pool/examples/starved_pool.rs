//! The nested loop without any deadline or limit: as many quiet clients as workers, and nobody
//! else is served until one of them leaves.
//!
//! `cargo run -p lesson07 --example starved_pool -- --threads 2`

#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use lesson01::{ANSWER, ReuseAddress, announce, listen, resolve};
use lesson02::{Limits, parse_head};
use terminal::{Flag, Program};

const THREADS: Flag = Flag {
    name: "threads",
    value: "N",
    default: "2",
    help: "workers",
};

const PROGRAM: Program = Program {
    name: "starved_pool",
    about: "A pool whose connections may be quiet for ever.",
    operand: None,
    flags: &[&[THREADS]],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        let (queue, clients) = mpsc::channel::<TcpStream>();
        let clients = Arc::new(Mutex::new(clients));
        for _ in 0..flags.number::<usize>("threads")? {
            let clients = Arc::clone(&clients);
            thread::spawn(move || work(&clients));
        }
        let address = listener.local_addr()?.as_socket().unwrap_or(address);
        announce(PROGRAM.name, &listener, address)?;
        loop {
            queue.send(listener.accept()?.0.into())?;
        }
    })
}

// ANCHOR: nested_loop
/// A worker: for each client, for each request of this client.
fn work(clients: &Mutex<mpsc::Receiver<TcpStream>>) {
    loop {
        let client = match clients.lock() {
            Ok(clients) => clients.recv(),
            Err(_) => return,
        };
        let Ok(mut client) = client else { return };
        let mut received = Vec::new();
        // The loop in the loop. It ends when the client leaves, and not before.
        while let Ok(Some(end)) = receive_head(&mut client, &mut received) {
            received.drain(..end);
            if client.write_all(&staying_answer()).is_err() {
                break;
            }
        }
    }
}

/// Waits for a head, for as long as it takes. `None`: the client has left.
fn receive_head(client: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let mut piece = [0; 4096];
    loop {
        match parse_head(received, &Limits::default()) {
            Ok(Some(head)) => return Ok(Some(head.end())),
            Ok(None) => {}
            Err(fault) => return Err(io::Error::other(fault)),
        }
        match client.read(&mut piece)? {
            0 => return Ok(None),
            count => received.extend_from_slice(&piece[..count]),
        }
    }
}
// ANCHOR_END: nested_loop

/// Lesson 1's answer, without the promise to close.
fn staying_answer() -> Vec<u8> {
    let text = String::from_utf8_lossy(ANSWER);
    text.replace("Connection: close\r\n", "").into_bytes()
}
