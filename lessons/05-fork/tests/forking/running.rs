//! A server in a child process, which can be sent signals and looked into.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kit::patience::until;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// Longer than anything here may take, on the slowest machine. Reaching it is a failure.
pub(crate) const GUARD: Duration = Duration::from_secs(60);

/// A running server, in a process group of its own like a job of a shell.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
    said: Arc<Mutex<String>>,
    listener: Option<JoinHandle<()>>,
}

impl Running {
    /// This lesson's server with these flags.
    pub(crate) fn lesson(flags: &str) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lesson05"));
        command.args(flags.split_whitespace());
        Running::start(command)
    }

    /// An example of this lesson.
    pub(crate) fn example(name: &str) -> Running {
        Running::start(Command::new(example(name)))
    }

    pub(crate) fn start(mut command: Command) -> Running {
        command
            .args(["--addr", "127.0.0.1:0"])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let errors = child.stderr.take().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let keep = Arc::clone(&said);
        let listener = thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                *keep.lock().unwrap() += &format!("{line}\n");
            }
        });
        let mut ready = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut ready).unwrap();
        let address = ready.trim().rsplit("//").next().unwrap();
        let address = address.parse().unwrap_or_else(|_| panic!("{ready:?}"));
        Running {
            child,
            address,
            said,
            listener: Some(listener),
        }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// What it has written on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn wait_until_it_said(&self, what: &str) {
        until(what, || self.said().contains(what));
    }

    /// Signals the server, and not its children.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Stops the server in the middle of whatever it does, until it gets `SIGCONT`.
    pub(crate) fn hold_still(&self) {
        self.signal(Signal::SIGSTOP);
        // It may run on for a moment on the other processor.
        until("the standstill", || self.state() == 'T');
    }

    /// The letter of its state: `S` sleeps, `T` is stopped.
    pub(crate) fn state(&self) -> char {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let after_name = stat.rsplit(')').next().unwrap().trim_start();
        after_name.chars().next().unwrap()
    }

    /// What a terminal does on Ctrl-C: a signal for everybody in the group.
    pub(crate) fn ctrl_c(&self) {
        killpg(Pid::from_raw(self.pid()), Signal::SIGINT).unwrap();
    }

    /// Waits for its end: the exit code, and everything that it has said.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut status = None;
        until("the end of the server", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        // A child that lives on would hold standard error open, and this would wait for it.
        let listener = self.listener.take().unwrap();
        until("the end of its standard error", || listener.is_finished());
        (status.unwrap().code(), self.said())
    }

    /// Its children and the letter of their state, `Z` for a zombie.
    pub(crate) fn children(&self) -> Vec<(i32, char)> {
        let mut children = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let pid = entry.file_name().to_string_lossy().parse();
            let (Ok(pid), Ok(stat)) = (pid, fs::read_to_string(entry.path().join("stat"))) else {
                continue;
            };
            // The name in parentheses may hold anything: state and parent follow the last one.
            let after_name = stat.rsplit(')').next().unwrap().trim_start();
            let mut fields = after_name.split(' ');
            let state = fields.next().unwrap().chars().next().unwrap();
            if fields.next() == Some(&self.pid().to_string()) {
                children.push((pid, state));
            }
        }
        children.sort_unstable();
        children
    }

    pub(crate) fn zombies(&self) -> usize {
        let children = self.children();
        children.iter().filter(|(_, state)| *state == 'Z').count()
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.pid());
        fs::read_dir(folder).unwrap().count()
    }

    /// A client that has said nothing yet.
    pub(crate) fn connect(&self) -> TcpStream {
        let client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(GUARD)).unwrap();
        client
    }

    /// A client that has asked.
    pub(crate) fn ask(&self, target: &str) -> TcpStream {
        let mut client = self.connect();
        send(&mut client, target);
        client
    }

    /// The whole answer, and the end of the connection after it.
    pub(crate) fn get(&self, target: &str) -> String {
        answer(self.ask(target))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Most tests end the server themselves; then there is nobody left.
        let _ = killpg(Pid::from_raw(self.pid()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// An example of this lesson, built.
pub(crate) fn example(name: &str) -> impl AsRef<Path> + AsRef<std::ffi::OsStr> {
    check::workshop::example("lesson05", name).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn send(client: &mut TcpStream, target: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.write_all(request.as_bytes()).unwrap();
}

/// Reads to the end of the connection. A reset is an end, too; what came before it counts.
pub(crate) fn answer(mut client: TcpStream) -> String {
    let mut answer = Vec::new();
    if let Err(error) = client.read_to_end(&mut answer) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    String::from_utf8(answer).unwrap()
}

/// A number of the JSON that `/sleep` answers.
pub(crate) fn number(answer: &str, name: &str) -> u64 {
    let (_, rest) = answer
        .split_once(&format!("\"{name}\": "))
        .unwrap_or_else(|| panic!("no {name} in {answer:?}"));
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap();
    rest[..end].parse().unwrap()
}

/// How many of these answers of `/sleep` were being made at the same time.
pub(crate) fn most_at_a_time(answers: &[String]) -> usize {
    let times: Vec<(u64, u64)> = answers
        .iter()
        .map(|answer| (number(answer, "started_ms"), number(answer, "finished_ms")))
        .collect();
    let at_a_time = |moment: u64| {
        // One that ends and one that starts in the same millisecond do not overlap.
        let served = times.iter();
        served
            .filter(|(start, end)| *start <= moment && moment < *end)
            .count()
    };
    let most = times.iter().map(|(start, _)| at_a_time(*start)).max();
    most.unwrap_or(0)
}

pub(crate) fn is_whole(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("line 3 of 3\n")
}

/// Whether a process is there, be it as a zombie.
pub(crate) fn exists(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}
