//! A planted failure: each worker has a socket of its own on the same port (`SO_REUSEPORT`).
//!
//! The kernel gives each client to one of the sockets as it comes, by a hash of its address. When a
//! worker closes its socket, whoever waits in *its* queue is reset, although others listen on.
//!
//! `cargo run -p lesson14 --example reuseport_restart`, then any line restarts one of the workers.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lesson01::resolve;
use socket2::{Domain, Socket, Type};
use terminal::{Program, ready, say};

const PROGRAM: Program = Program {
    name: "reuseport_restart",
    about: "A socket for each worker, and what a restart does to those who wait in its queue.",
    operand: None,
    flags: &[],
};

/// So long a worker takes for a client: its queue fills.
const WORK: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let address = resolve(flags.text("addr"))?;
        let first = listen(address)?;
        let address = first.local_addr()?;
        let _other = start(listen(address)?);
        let mut worker = start(first);
        ready(PROGRAM.name, address);
        for line in io::stdin().lines() {
            line?;
            // The new one listens before the old one stops, and the old one serves its client to
            // the end: as careful as can be. Whoever waits in its queue has waited for nothing.
            let newer = start(listen(address)?);
            worker.stop.store(true, Ordering::SeqCst);
            let _ = worker.thread.join();
            worker = newer;
            say("restarted");
        }
        Ok(())
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener, Box<dyn Error>> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    Ok(socket.into())
}

struct Worker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

fn start(listener: TcpListener) -> Worker {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let serve = move || {
        while !asked.load(Ordering::SeqCst)
            && let Ok((client, _)) = listener.accept()
        {
            thread::sleep(WORK);
            let _ = answer(client);
        }
    };
    Worker {
        stop,
        thread: thread::spawn(serve),
    }
}

fn answer(mut client: TcpStream) -> io::Result<()> {
    let _ = client.read(&mut [0; 1024])?;
    client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
}
