//! A server in a child process: started on a free port, listened to, and ended with certainty.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::client::{Client, GUARD};
use crate::process::Processes;
use crate::said::Said;
use crate::transcript::Transcript;

/// How long a command may take until its server listens: it may have to be compiled first.
const START: Duration = Duration::from_secs(180);

/// How a server is started.
#[derive(Clone, Debug)]
pub enum Launch {
    /// A binary of ours: `--addr 127.0.0.1:PORT` and more flags, then one ready line.
    Lesson {
        /// The binary.
        binary: PathBuf,
        /// Flags besides `--addr`.
        flags: Vec<String>,
    },
    /// Any command for a shell, with `{port}` where the port goes. It is ready when it answers.
    Command(String),
}

/// A running server. Dropping it ends it, and everything that its command has started.
pub struct Server {
    address: SocketAddr,
    launch: Launch,
    child: Mutex<Child>,
    /// For a command: what its keeper says, which is one word when the command has ended.
    keeper: Option<Said>,
    said: Said,
}

impl Launch {
    /// A lesson's binary with flags in one string: `"--head-timeout 0.4"`.
    pub fn lesson(binary: impl Into<PathBuf>, flags: &str) -> Launch {
        Launch::Lesson {
            binary: binary.into(),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Starts the server and waits until it is ready. Without a port, a free one is taken.
    pub fn start(&self, port: Option<u16>) -> Result<Server, StartError> {
        match self {
            Launch::Lesson { binary, flags } => {
                let mut command = Command::new(binary);
                let address = format!("127.0.0.1:{}", port.unwrap_or(0));
                command.args(["--addr", &address]).args(flags);
                self.start_lesson(command)
            }
            Launch::Command(text) => {
                let port = match port {
                    Some(port) => port,
                    None => free_port().map_err(StartError::new)?,
                };
                self.start_command(&text.replace("{port}", &port.to_string()), port)
            }
        }
    }

    /// Stays in our process group: Ctrl-C at the terminal reaches it as it reaches us.
    fn start_lesson(&self, mut command: Command) -> Result<Server, StartError> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| {
            StartError::new(format!("{}: {error}", command.get_program().display()))
        })?;
        let said = Said::listen_to(child.stderr.take());
        let output = child.stdout.take();
        let mut server = Server {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            launch: self.clone(),
            child: Mutex::new(child),
            keeper: None,
            said,
        };
        let line = output.map_or(String::new(), first_line);
        let ready = line
            .split_once(" listening on http://")
            .and_then(|(_, address)| address.trim().parse().ok());
        match ready {
            Some(address) => {
                server.address = address;
                Ok(server)
            }
            None => Err(server.never_ready(&format!("its first line was {line:?}"))),
        }
    }

    /// The command runs in a process group of its own, under a shell that waits for our end of a
    /// pipe to close and then kills the group. However we end, even by Ctrl-C or SIGKILL, the
    /// kernel closes the pipe, and nothing is left behind. No signal handler is needed.
    fn start_command(&self, command: &str, port: u16) -> Result<Server, StartError> {
        const KEEPER: &str =
            r#"{ sh -c "$1" </dev/null >&2; echo ended; } & read -r _; kill -KILL 0"#;
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "keeper", command])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = keeper
            .spawn()
            .map_err(|error| StartError::new(format!("sh: {error}")))?;
        let said = Said::listen_to(child.stderr.take());
        let keeper = Said::listen_to(child.stdout.take());
        let server = Server {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            launch: self.clone(),
            child: Mutex::new(child),
            keeper: Some(keeper),
            said,
        };
        match server.answers_within(START) {
            true => Ok(server),
            false => Err(server.never_ready(&format!("nothing answered on port {port}"))),
        }
    }
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it was started.
    pub fn launch(&self) -> &Launch {
        &self.launch
    }

    /// Its processes.
    pub fn processes(&self) -> Processes {
        let id = self.child().id();
        match self.keeper {
            Some(_) => Processes::of_group(id, id),
            None => Processes::one(id),
        }
    }

    /// Whether it has ended by itself. A command that ends may leave its server running.
    pub fn has_exited(&self) -> bool {
        match &self.keeper {
            Some(keeper) => keeper.text().contains("ended") && self.processes().is_empty(),
            None => matches!(self.child().try_wait(), Ok(Some(_))),
        }
    }

    /// The last of what it has written on standard error so far.
    pub fn said(&self) -> String {
        self.said.text()
    }

    /// Ends it. The result is the last of what it has written on standard error.
    pub fn end(self) -> String {
        let said = self.said.clone();
        drop(self);
        said.text_at_end()
    }

    /// Asks until there is an answer, or the command has ended.
    fn answers_within(&self, guard: Duration) -> bool {
        let until = Instant::now() + guard;
        while Instant::now() < until && !self.has_exited() {
            let client = Client::connect(1, self.address, GUARD, Transcript::default());
            if let Ok(mut client) = client {
                let question = format!(
                    "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                    self.address
                );
                // Whatever it answers, and even if it does not: it listens, and the probes will
                // tell the rest.
                let _ = client.send(question.as_bytes());
                let _ = client.answer();
                return !self.has_exited();
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn never_ready(self, reason: &str) -> StartError {
        let said = self.end();
        let words = match said.trim() {
            "" => "It wrote nothing on standard error.".to_owned(),
            said => format!("It wrote:\n{said}"),
        };
        StartError::new(format!("the server was never ready: {reason}. {words}"))
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        // No panic can happen while the lock is held.
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut child = self.child();
        let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group.filter(|_| self.keeper.is_some()) {
            // The child is not reaped yet, so the number still means this group and no other.
            let _ = kill_process_group(group, Signal::KILL);
            // Its port is free only when all of it has gone, and nobody tells us when.
            let until = Instant::now() + GUARD;
            let id = child.id();
            while !Processes::of_group(id, id).is_empty() && Instant::now() < until {
                thread::sleep(Duration::from_millis(1));
            }
        }
        // Both fail only for a child that is gone, which is what we want.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
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
    receiver.recv_timeout(GUARD).unwrap_or_default()
}

/// A server that could not be started.
#[derive(Debug)]
pub struct StartError(String);

impl StartError {
    fn new(reason: impl fmt::Display) -> StartError {
        StartError(reason.to_string())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_at_once_is_reported_with_its_words() {
        let launch = Launch::Command("echo no such server >&2; exit 3".to_owned());
        let error = launch.start(None).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("no such server"), "{error}");
    }

    #[test]
    fn a_binary_that_does_not_exist_is_reported_by_name() {
        let error = Launch::lesson("/no/such/lesson", "").start(None);
        let error = error.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("/no/such/lesson"), "{error}");
    }
}
