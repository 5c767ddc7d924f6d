//! What these tests have in common: a supervisor, and clients that count what they lose.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use check::server::{Launch, Server};
use kit::patience::{GUARD, until};
use kit::process::below;
use rustix::process::{Pid, Signal, kill_process};

/// A supervisor with these flags.
pub(crate) fn start(flags: &str) -> Server {
    start_program(env!("CARGO_BIN_EXE_lesson14"), flags)
}

pub(crate) fn start_program(program: impl AsRef<Path>, flags: &str) -> Server {
    let launch = Launch::lesson(program.as_ref(), &format!("--quiet {flags}"));
    launch.start(None).unwrap()
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

/// Its workers, by their numbers.
pub(crate) fn workers(server: &Server) -> Vec<u32> {
    let mut workers = below(server.id());
    workers.sort_unstable();
    workers
}

/// Asks for a reload, and waits until nobody is left of those before.
pub(crate) fn reload(server: &Server) {
    let before = workers(server);
    let count = before.len();
    signal(server.id(), Signal::HUP);
    until("all workers are new", || {
        let now = workers(server);
        now.len() == count && now.iter().all(|worker| !before.contains(worker))
    });
}

/// The status and the body of one answer.
pub(crate) fn get(address: SocketAddr, target: &str, fields: &str) -> io::Result<(u16, String)> {
    let mut client = Kept::connect(address)?;
    client.ask("GET", target, &format!("Connection: close\r\n{fields}"))?;
    client.answer()
}

/// One connection, for one request after the other.
pub(crate) struct Kept {
    stream: TcpStream,
    received: Vec<u8>,
    /// Whether the server has said that this was the last one.
    closes: bool,
}

impl Kept {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Kept> {
        let stream = TcpStream::connect_timeout(&address, GUARD)?;
        stream.set_read_timeout(Some(GUARD))?;
        Ok(Kept {
            stream,
            received: Vec::new(),
            closes: false,
        })
    }

    pub(crate) fn ask(&mut self, method: &str, target: &str, fields: &str) -> io::Result<()> {
        let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        self.stream.write_all(head.as_bytes())
    }

    pub(crate) fn answer(&mut self) -> io::Result<(u16, String)> {
        loop {
            if let Some(answer) = self.whole_answer() {
                return Ok(answer);
            }
            let mut piece = [0; 4096];
            match self.stream.read(&mut piece)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.received.extend_from_slice(&piece[..count]),
            }
        }
    }

    fn whole_answer(&mut self) -> Option<(u16, String)> {
        let text = String::from_utf8_lossy(&self.received).into_owned();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))?;
        let length: usize = length.parse().ok()?;
        let body = rest.get(..length)?.to_owned();
        self.received.drain(..head.len() + 4 + length);
        self.closes = head.contains("Connection: close");
        Some((status, body))
    }
}

/// What clients have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) answered: u64,
    pub(crate) lost: Vec<String>,
}

/// So many clients ask as fast as they are answered while `meanwhile` is done: half of them each
/// time on a new connection, the others on one that they keep for as long as the server does.
pub(crate) fn under_load(
    address: SocketAddr,
    clients: usize,
    meanwhile: impl FnOnce(&dyn Fn() -> u64),
) -> Seen {
    let (seen, is_over) = (Mutex::<Seen>::default(), AtomicBool::new(false));
    let lock = || seen.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        for number in 0..clients {
            let (seen, is_over) = (&lock, &is_over);
            scope.spawn(move || {
                let mut kept = None;
                while !is_over.load(Ordering::Relaxed) {
                    let outcome = ask_once(address, &mut kept, number % 2 == 0);
                    let mut seen = seen();
                    match outcome {
                        Ok((200, _)) => seen.answered += 1,
                        Ok((status, _)) => seen.lost.push(format!("{status}")),
                        Err(error) => seen.lost.push(error.to_string()),
                    }
                }
            });
        }
        meanwhile(&|| lock().answered);
        is_over.store(true, Ordering::Relaxed);
    });
    seen.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn ask_once(
    address: SocketAddr,
    kept: &mut Option<Kept>,
    keeps: bool,
) -> io::Result<(u16, String)> {
    let mut client = match kept.take() {
        Some(client) => client,
        None => Kept::connect(address)?,
    };
    let fields = if keeps { "" } else { "Connection: close\r\n" };
    client.ask("GET", "/", fields)?;
    let answer = client.answer()?;
    if !client.closes {
        *kept = Some(client);
    }
    Ok(answer)
}

/// Waits until so many more have been answered.
pub(crate) fn some_more(answered: &dyn Fn() -> u64, count: u64) {
    let before = answered();
    until("more answers", || answered() >= before + count);
}
