//! A crowd of quiet clients: each asks once, has its answer, and stays.
//!
//! `cargo run -p lesson10 --example crowd -- 500`; with the process number of the server it tells
//! what each of them costs it.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// So long somebody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nHost: crowd\r\n\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (address, words) = match &words[..] {
        [flag, address, words @ ..] if flag == "--addr" => (address.as_str(), words),
        words => ("127.0.0.1:8888", words),
    };
    let [number, server @ ..] = words else {
        return Err("crowd [--addr HOST:PORT] NUMBER [PID]".into());
    };
    let (address, number): (SocketAddr, usize) = (address.parse()?, number.parse()?);
    let server: Option<u32> = server.first().map(|pid| pid.parse()).transpose()?;
    ask_for_descriptors(number as u64 + 32)?;

    // ANCHOR: crowd
    // The first half of them warms the server up: what it makes once, it has by then.
    let mut crowd = quiet_clients(address, number / 2)?;
    let before = server.map(memory).transpose()?;
    crowd.extend(quiet_clients(address, number - crowd.len())?);
    println!("{} connections are open and quiet", crowd.len());
    let mut another = ask(address)?;
    println!("one more client: {}", status(&mut another)?);
    if let (Some(server), Some(before)) = (server, before) {
        let threads = fs::read_dir(format!("/proc/{server}/task"))?.count();
        let each = memory(server)?.saturating_sub(before) / (crowd.len() / 2).max(1) as u64;
        println!("the server: threads: {threads}; bytes for each of them: {each}");
    }
    // ANCHOR_END: crowd
    Ok(())
}

/// Clients that have their answers.
fn quiet_clients(address: SocketAddr, number: usize) -> io::Result<Vec<TcpStream>> {
    let mut clients = Vec::with_capacity(number);
    // Not too many questions at once: a backlog holds 128.
    while clients.len() < number {
        let some = 100.min(number - clients.len());
        let asked: io::Result<Vec<_>> = (0..some).map(|_| ask(address)).collect();
        for mut client in asked? {
            status(&mut client).map_err(|error| match error.kind() {
                ErrorKind::WouldBlock => {
                    let count = clients.len();
                    io::Error::other(format!("after {count} clients nobody is let in any more"))
                }
                _ => error,
            })?;
            clients.push(client);
        }
    }
    Ok(clients)
}

fn ask(address: SocketAddr) -> io::Result<TcpStream> {
    let mut client = TcpStream::connect(address)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.write_all(QUESTION)?;
    Ok(client)
}

/// The status of an answer that comes in one piece.
fn status(client: &mut TcpStream) -> io::Result<String> {
    let mut piece = [0; 1024];
    let count = client.read(&mut piece)?;
    let text = String::from_utf8_lossy(&piece[..count]).into_owned();
    Ok(text.lines().next().unwrap_or("nothing").to_owned())
}

/// How much memory a process has, in bytes.
fn memory(process: u32) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let words = line.and_then(|line| line.split_whitespace().next());
    let kibibytes = words.and_then(|word| word.parse::<u64>().ok());
    Ok(kibibytes.ok_or_else(|| io::Error::other("no VmRSS"))? * 1024)
}

/// Asks for as many descriptors as a crowd needs.
fn ask_for_descriptors(number: u64) -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= number) {
        return Ok(());
    }
    let current = Some(number);
    Ok(setrlimit(Resource::Nofile, Rlimit { current, ..limit })?)
}
