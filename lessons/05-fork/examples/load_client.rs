//! Many clients at a time, and how long they waited: the tutorials' `client3`, mended.
//!
//! `cargo run -p lesson05 --example load_client -- --max-clients 8 --max-conns 16`
//!
//! Theirs calls `_exit` inside of the inner loop, so each client makes one connection, whatever
//! it was told. This one makes all of them, and says what became of each.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, ErrorKind, PipeWriter, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use lesson05::{Side, exit_child, fork};
use nix::sys::wait::waitpid;
use terminal::{Arguments, Flag, Program};

const PROGRAM: Program = Program {
    name: "load_client",
    about: "N clients at a time, each a process, make M connections each, one after the other.",
    operand: None,
    flags: &[&[
        Flag {
            name: "max-clients",
            value: "N",
            default: "8",
            help: "clients at a time",
        },
        Flag {
            name: "max-conns",
            value: "M",
            default: "16",
            help: "connections of each",
        },
        Flag {
            name: "path",
            value: "PATH",
            default: "/",
            help: "what to ask for",
        },
    ]],
};

fn main() -> ExitCode {
    PROGRAM.run(run)
}

// ANCHOR: clients
fn run(flags: &Arguments) -> Result<(), Box<dyn Error>> {
    let address = lesson01::resolve(flags.text("addr"))?;
    let clients: usize = flags.number("max-clients")?;
    let connections: usize = flags.number("max-conns")?;
    // A child's memory is its own: what it finds out has to be sent to us.
    let (mut reader, writer) = io::pipe()?;
    for _ in 0..clients {
        if fork()? == Side::Child {
            let outcome = be_a_client(address, flags.text("path"), connections, writer);
            exit_child(i32::from(outcome.is_err()));
        }
    }
    drop(writer); // The pipe ends when all copies are closed, and this is one of them.
    let mut outcomes = String::new();
    reader.read_to_string(&mut outcomes)?;
    while waitpid(None, None).is_ok() {}
    // One write, so that `| head` cannot close the pipe in between.
    io::stdout().write_all(report(clients, &outcomes).as_bytes())?;
    Ok(())
}

fn be_a_client(
    address: SocketAddr,
    path: &str,
    connections: usize,
    mut writer: PipeWriter,
) -> io::Result<()> {
    for _ in 0..connections {
        let begin = Instant::now();
        let outcome = match ask(address, path) {
            Ok(answer) if answer.starts_with(b"HTTP/1.1 503 ") => "away",
            Ok(answer) if answer.starts_with(b"HTTP/1.1 ") => "answered",
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => "refused",
            Ok(_) | Err(_) => "broken",
        };
        // One write for a line: the kernel does not mix small writes into a pipe.
        let line = format!("{outcome} {}\n", begin.elapsed().as_micros());
        writer.write_all(line.as_bytes())?;
    }
    Ok(())
}

fn ask(address: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    let patience = Duration::from_secs(60);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
// ANCHOR_END: clients

// ANCHOR: report
fn report(clients: usize, outcomes: &str) -> String {
    let outcomes: Vec<(&str, u64)> = outcomes
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(outcome, time)| (outcome, time.parse().unwrap_or(0)))
        .collect();
    let count = |wanted| outcomes.iter().filter(|(word, _)| *word == wanted).count();
    let mut report = format!(
        "{} connections of {clients} clients: {} answered, {} turned away, {} refused, {} broken\n",
        outcomes.len(),
        count("answered"),
        count("away"),
        count("refused"),
        count("broken"),
    );
    let answered = outcomes.iter().filter(|(word, _)| *word == "answered");
    let mut times: Vec<u64> = answered.map(|(_, time)| *time).collect();
    times.sort_unstable();
    let slowest = times.last().copied().unwrap_or_default().max(1);
    for (name, share) in [("half", 50), ("90 %", 90), ("99 %", 99), ("all", 100)] {
        // The smallest time that this share of the clients did not exceed.
        let place = (times.len() * share).div_ceil(100);
        let Some(time) = place.checked_sub(1).map(|index| times[index]) else {
            break; // Nobody was answered.
        };
        let bar = "#".repeat((40 * time).div_ceil(slowest) as usize);
        let (ms, us) = (time / 1000, time % 1000);
        report += &format!("{name:>5} of them within {bar:<40} {ms}.{us:03} ms\n");
    }
    report
}
// ANCHOR_END: report
