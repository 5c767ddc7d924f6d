//! Starting a server: on a free port, and ready before anybody asks it.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddress, UnixDatagram};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use kit::keeper::Keeper;

use super::Server;
use super::launch::{Launch, StartError};
use crate::said::Said;

/// How long a command may take until its server listens: it may have to be compiled first, and a
/// lesson may have to load a framework of Python's on a busy machine.
const START: Duration = Duration::from_secs(180);

impl Launch {
    /// Starts the server and waits until it is ready. Without a port, a free one is taken.
    pub fn start(&self, port: Option<u16>) -> Result<Server, StartError> {
        self.start_within(port, START)
    }

    /// The same for a command that may take so long and no longer: it was started before.
    pub(crate) fn start_within(
        &self,
        port: Option<u16>,
        time: Duration,
    ) -> Result<Server, StartError> {
        match self {
            Launch::Lesson { binary, flags } => {
                let mut command = Command::new(binary);
                let address = format!("127.0.0.1:{}", port.unwrap_or(0));
                command.args(["--addr", &address]).args(flags);
                // Some probes make an application panic. Nobody reads where, and each forked
                // child would look the names up anew, which takes it longer than anything else.
                command.env("RUST_BACKTRACE", "0");
                self.start_lesson(command)
            }
            Launch::Command(text) => {
                let port = match port {
                    Some(port) => port,
                    None => free_port().map_err(StartError::new)?,
                };
                self.start_command(&text.replace("{port}", &port.to_string()), port, time)
            }
        }
    }

    fn start_lesson(&self, mut command: Command) -> Result<Server, StartError> {
        command.stdout(Stdio::piped());
        let mut server = self.spawn(command, SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let output = server.child().stdout.take();
        let line = output.map_or(String::new(), first_line);
        let ready = line
            .split_once(" listening on ")
            .and_then(|(_, url)| url.split_once("://"))
            .and_then(|(_, address)| address.trim().parse().ok());
        match ready {
            Some(address) => {
                server.address = address;
                Ok(server)
            }
            None => Err(server.never_ready(&format!("its first line was {line:?}"))),
        }
    }

    /// What the command prints is kept together with its errors.
    fn start_command(&self, text: &str, port: u16, time: Duration) -> Result<Server, StartError> {
        let mut command = Command::new("sh");
        command.args(["-c", "exec sh -c \"$1\" >&2", "sh", text]);
        // It may be `cargo run`.
        kit::cargo::forget(&mut command);
        // As for ours above: a hundred panics with their backtraces are a slow server.
        command.env("RUST_BACKTRACE", "0");
        let server = self.spawn(command, SocketAddr::from(([127, 0, 0, 1], port)))?;
        match server.answers_within(time) {
            true => Ok(server),
            false => Err(server.never_ready(&format!("nothing answered on port {port}"))),
        }
    }

    /// Starts the process among those that a keeper ends after us.
    fn spawn(&self, mut command: Command, address: SocketAddr) -> Result<Server, StartError> {
        let mut keeper =
            Keeper::start().map_err(|error| StartError::new(format!("sh: {error}")))?;
        let child = command
            .process_group(keeper.group())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| {
            keeper.end();
            StartError::new(format!("{}: {error}", command.get_program().display()))
        })?;
        let said = Said::listen_to(child.stderr.take());
        Ok(Server {
            address,
            launch: self.clone(),
            child: Mutex::new(child),
            keeper,
            said,
        })
    }
}

/// Ports that Linux does not give away by itself, neither to a client nor to a server that asks
/// for any: one of those could be taken again before the server that it is for binds it.
const PORTS: Range<u64> = 20_000..32_000;

/// After so many ports that were in use, the kernel is asked for any.
const TRIES: usize = 100;

/// A port that nobody uses, and that nobody else who looks for one here is given as long as this
/// process lives: until a server listens there, which may take it a second, the port looks free.
pub fn free_port() -> io::Result<u16> {
    let some_port = |_| {
        let random = RandomState::new().hash_one(PORTS.start);
        (PORTS.start + random % (PORTS.end - PORTS.start)) as u16
    };
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok() && claim(*port);
    match (0..TRIES).map(some_port).find(is_free) {
        Some(port) => Ok(port),
        None => Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()),
    }
}

/// Claims a port, by a name that only one socket can have and that goes with this process.
fn claim(port: u16) -> bool {
    static CLAIMS: Mutex<Vec<UnixDatagram>> = Mutex::new(Vec::new());
    let name = UnixAddress::from_abstract_name(format!("web-server-check/port/{port}"));
    match name.and_then(|name| UnixDatagram::bind_addr(&name)) {
        Ok(claim) => {
            let claims = CLAIMS.lock();
            claims.unwrap_or_else(PoisonError::into_inner).push(claim);
            true
        }
        Err(_) => false,
    }
}

/// The first line, or what there is of it when the stream ends or the guard passes.
fn first_line(output: impl Read + Send + 'static) -> String {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let mut output = BufReader::new(output);
        // What cannot be read is no ready line, and the caller says so.
        let _ = output.read_line(&mut line);
        let _ = sender.send(line);
        // Keep reading: a server that prints more must not meet a full or broken pipe.
        let _ = io::copy(&mut output, &mut io::sink());
    });
    receiver.recv_timeout(START).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_none_that_the_kernel_gives_away_by_itself() {
        let ports: Vec<u16> = (0..20).map(|_| free_port().unwrap()).collect();
        for port in ports {
            assert!(PORTS.contains(&u64::from(port)), "{port}");
        }
    }

    #[test]
    fn a_port_that_was_given_away_is_claimed_although_nobody_listens() {
        let port = free_port().unwrap();
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
        assert!(!claim(port));
    }

    #[test]
    fn a_command_that_fails_at_once_is_reported_with_its_words() {
        let launch = Launch::Command("echo no such server >&2; exit 3".to_owned());
        let error = launch.start(None).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("no such server"), "{error}");
    }

    #[test]
    fn a_command_makes_no_backtraces_that_nobody_reads() {
        let launch = Launch::Command("echo backtraces: $RUST_BACKTRACE >&2; exit 3".to_owned());
        let error = launch.start(None).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("backtraces: 0"), "{error}");
    }

    #[test]
    fn a_binary_that_does_not_exist_is_reported_by_name() {
        let error = Launch::lesson("/no/such/lesson", "").start(None);
        let error = error.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("/no/such/lesson"), "{error}");
    }
}
