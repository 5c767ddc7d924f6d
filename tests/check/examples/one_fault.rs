//! A server with one fault, or with one habit that looks like a fault. The tests show that the
//! checker tells them apart.
//!
//! `one_fault FAULT PORT`

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::SIGTERM;

/// What a leak leaks.
static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
/// How many clients there were.
static CLIENTS: AtomicUsize = AtomicUsize::new(0);
/// How many connections are open.
static OPEN: AtomicUsize = AtomicUsize::new(0);
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() {
    let words: Vec<_> = std::env::args().collect();
    let port: u16 = words[2].parse().expect("usage: one_fault FAULT PORT");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
    match words[1].as_str() {
        "leaks" => serve(&listener, |client| {
            converse(client, true);
            let kept = vec![1; 8 * 1024];
            KEPT.lock().expect("nobody panics").push(kept);
        }),
        "leaks-descriptors" => serve(&listener, |client| {
            // One of ten, as where one way out forgets to close.
            if CLIENTS.fetch_add(1, Ordering::SeqCst).is_multiple_of(10) {
                std::mem::forget(client.try_clone());
            }
            converse(client, true);
        }),
        "opens-late" => serve(&listener, |client| {
            // As a supervisor whose killed worker comes back: once, with all that it holds.
            if CLIENTS.fetch_add(1, Ordering::SeqCst) == 1_000 {
                std::mem::forget([(); 10].map(|()| client.try_clone()));
            }
            converse(client, true);
        }),
        "ends-without-descriptors" => loop {
            // The classic: an error of accept ends main.
            let (client, _) = listener.accept().expect("a client");
            converse(client, true);
        },
        "ends-on-an-error" => loop {
            // The other classic: an error of one client ends main.
            let (mut client, _) = listener.accept().expect("a client");
            let mut buffer = [0; 1024];
            while client.read(&mut buffer).expect("some bytes") > 0 {
                if buffer.windows(4).any(|end| end == b"\r\n\r\n") {
                    let answer =
                        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n";
                    let _ = client.write_all(answer.as_bytes());
                    break;
                }
            }
        },
        "closes-late" => serve(&listener, |client| {
            let again = client.try_clone();
            converse(client, true);
            thread::sleep(Duration::from_secs(2));
            drop(again);
        }),
        "accepts-and-closes" => accepts_and_closes(&listener),
        "serves-on" => serves_on(&listener),
        "spins" => serve(&listener, spin),
        other => panic!("no fault {other}"),
    }
}

fn serve(listener: &TcpListener, serve: fn(TcpStream)) {
    for client in listener.incoming() {
        match client {
            Ok(client) => drop(thread::spawn(move || serve(client))),
            // No descriptor: there may be one in a moment.
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Asks again and again whether something has come.
fn spin(client: TcpStream) {
    client.set_nonblocking(true).expect("a client");
    while client
        .peek(&mut [0])
        .is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    {}
    client.set_nonblocking(false).expect("a client");
    converse(client, true);
}

/// Answers each request, until the client has enough.
fn converse(mut client: TcpStream, close: bool) {
    let Ok(reading) = client.try_clone() else {
        return;
    };
    let connection = if close { "Connection: close\r\n" } else { "" };
    let mut lines = BufReader::new(reading).lines();
    while let Some(Ok(line)) = lines.next() {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n{connection}\r\nhi\n");
        if line.is_empty() && (client.write_all(answer.as_bytes()).is_err() || close) {
            return;
        }
    }
}

/// As some runtimes do: a descriptor in reserve takes whom there is no room for, and drops him.
fn accepts_and_closes(listener: &TcpListener) {
    let mut reserve = std::fs::File::open("/dev/null").ok();
    listener.set_nonblocking(true).expect("a listener");
    loop {
        // Without descriptors accept fails even if nobody has come.
        let mut look = [PollFd::new(listener, PollFlags::IN)];
        poll(&mut look, None).expect("somebody comes");
        match listener.accept() {
            Ok((client, _)) => {
                client.set_nonblocking(false).expect("a client");
                thread::spawn(move || converse(client, true));
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => {
                drop(reserve.take());
                drop(listener.accept());
                reserve = std::fs::File::open("/dev/null").ok();
            }
        }
    }
}

/// `server.close(() => process.exit(0))`, as everybody writes it for Node: after SIGTERM nobody is
/// accepted any more, and a connection that is kept is served on until its client leaves.
fn serves_on(listener: &TcpListener) {
    let mut told = signals();
    thread::spawn(move || {
        let _ = told.read(&mut [0]);
        STOPPING.store(true, Ordering::SeqCst);
    });
    listener.set_nonblocking(true).expect("a listener");
    while !STOPPING.load(Ordering::SeqCst) {
        let Ok((client, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        client.set_nonblocking(false).expect("a client");
        OPEN.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            converse(client, false);
            OPEN.fetch_sub(1, Ordering::SeqCst);
        });
    }
    // Whoever is in the backlog is turned away, and nobody else can come.
    let _ = rustix::net::shutdown(listener, rustix::net::Shutdown::Both);
    while OPEN.load(Ordering::SeqCst) > 0 {
        thread::sleep(Duration::from_millis(1));
    }
}

fn signals() -> std::os::unix::net::UnixStream {
    let (hear, say) = std::os::unix::net::UnixStream::pair().expect("a pair of sockets");
    signal_hook::low_level::pipe::register(SIGTERM, say).expect("a handler");
    hear
}
