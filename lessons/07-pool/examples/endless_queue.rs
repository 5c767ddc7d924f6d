//! A queue without an end: it takes everybody, and serves clients that have left long ago.
//!
//! `cargo run -p lesson07 --example endless_queue`

#![forbid(unsafe_code)]

use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use lesson01::{ANSWER, ReuseAddress, announce, listen, resolve};
use lesson02::{Buffer, Connection, Ending, Head, Limits, arm};
use terminal::{Program, say};

const PROGRAM: Program = Program {
    name: "endless_queue",
    about: "One worker, and a queue that takes everybody.",
    operand: None,
    flags: &[],
};

// ANCHOR: endless
static WAITING: AtomicUsize = AtomicUsize::new(0);

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        arm(&listener, &Limits::default())?;
        let (queue, clients) = mpsc::channel::<TcpStream>(); // This queue has no bound.
        thread::spawn(move || clients.into_iter().for_each(serve));
        let address = listener.local_addr()?.as_socket().unwrap_or(address);
        announce(PROGRAM.name, &listener, address)?;
        loop {
            let client = match listener.accept() {
                Ok((client, _)) => client.into(),
                Err(error) => {
                    lesson01::recover(&error);
                    continue;
                }
            };
            let waiting = WAITING.fetch_add(1, Ordering::SeqCst) + 1;
            if waiting.is_multiple_of(25) {
                say(format_args!("{waiting} clients wait"));
            }
            queue.send(client)?;
        }
    })
}

/// A page that takes a tenth of a second, for whoever is still there to see it.
fn serve(client: TcpStream) {
    let (limits, mut input, mut head) = (Limits::default(), Buffer::default(), Head::default());
    let mut connection = Connection::new(client, &mut input, &limits, false);
    if let Ok(true) = connection.receive_head(&mut input, &mut head, &limits) {
        thread::sleep(Duration::from_millis(100));
        let _ = connection.send(ANSWER);
    }
    connection.close(Ending::Clean, &limits);
    WAITING.fetch_sub(1, Ordering::SeqCst);
}
// ANCHOR_END: endless
