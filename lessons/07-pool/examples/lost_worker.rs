//! A pool without a net: each panic takes a worker along, and with the last one the service ends.
//!
//! `cargo run -p lesson07 --example lost_worker -- --threads 2`

#![forbid(unsafe_code)]

use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use lesson01::{ANSWER, ReuseAddress, announce, listen, resolve};
use lesson02::{Buffer, Connection, Ending, Head, Limits, arm};
use terminal::{Flag, Program, say};

const THREADS: Flag = Flag {
    name: "threads",
    value: "N",
    default: "2",
    help: "workers",
};

const PROGRAM: Program = Program {
    name: "lost_worker",
    about: "A pool that loses a worker with each panic.",
    operand: None,
    flags: &[&[THREADS]],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        arm(&listener, &Limits::default())?;
        let (queue, clients) = mpsc::channel::<TcpStream>();
        let clients = Arc::new(Mutex::new(clients));
        for number in 1..=flags.number::<usize>("threads")? {
            let clients = Arc::clone(&clients);
            thread::spawn(move || work(number, &clients));
        }
        let address = listener.local_addr()?.as_socket().unwrap_or(address);
        announce(PROGRAM.name, &listener, address)?;
        loop {
            match listener.accept() {
                Ok((client, _)) => queue.send(client.into())?,
                Err(error) => lesson01::recover(&error),
            }
        }
    })
}

// ANCHOR: no_net
fn work(number: usize, clients: &Mutex<mpsc::Receiver<TcpStream>>) {
    let _farewell = Farewell(number);
    loop {
        let clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(client) = clients.recv() else { return };
        drop(clients);
        serve(client); // If this panics, nobody comes back here.
    }
}

fn serve(client: TcpStream) {
    let (limits, mut input, mut head) = (Limits::default(), Buffer::default(), Head::default());
    let mut connection = Connection::new(client, &mut input, &limits, false);
    let Ok(true) = connection.receive_head(&mut input, &mut head, &limits) else {
        return;
    };
    if head.request(input.received()).path() == "/panic" {
        panic!("this application always panics");
    }
    if connection.send(ANSWER).is_ok() {
        connection.close(Ending::Clean, &limits);
    }
}

/// Says good-bye however its worker ends.
struct Farewell(usize);

impl Drop for Farewell {
    fn drop(&mut self) {
        say(format_args!("worker {} has gone", self.0));
    }
}
// ANCHOR_END: no_net
