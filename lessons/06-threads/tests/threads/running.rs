//! A server in a child process that can be signalled, looked at through `/proc`, and waited for.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use check::answer::Answer;
use check::client::{Client, GUARD, NoAnswer};
use check::transcript::Transcript;
use kit::patience::eventually;
use rustix::process::{Pid, Signal, kill_process};

/// A running server. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    address: SocketAddr,
    output: Arc<Mutex<String>>,
    said: Arc<Mutex<String>>,
}

impl Running {
    /// The lesson with these flags, on a free port.
    pub(crate) fn lesson(flags: &str) -> Running {
        Running::start(Path::new(env!("CARGO_BIN_EXE_lesson06")), flags)
    }

    /// An example of the lesson.
    pub(crate) fn example(name: &str, flags: &str) -> Running {
        Running::start(&check::workshop::example("lesson06", name).unwrap(), flags)
    }

    fn start(binary: &Path, flags: &str) -> Running {
        let mut command = Command::new(binary);
        if !flags.contains("--addr") {
            command.args(["--addr", "127.0.0.1:0"]);
        }
        let mut child = command
            .args(flags.split_whitespace())
            .env_remove("RUST_BACKTRACE")
            // The C library reserves address space for threads that allocate at the same time,
            // which has nothing to do with their stacks.
            .env("MALLOC_ARENA_MAX", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = collect(child.stderr.take().unwrap());
        let output = collect(child.stdout.take().unwrap());
        let ready = || output.lock().unwrap().contains('\n');
        assert!(eventually(ready), "never ready: {}", said.lock().unwrap());
        let line = output.lock().unwrap().clone();
        let (_, address) = line.trim().split_once("http://").unwrap();
        Running {
            child,
            address: address.lines().next().unwrap().parse().unwrap(),
            output,
            said,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has written on standard output so far.
    pub(crate) fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// What it has written on standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Whether it writes these words on standard error, sooner or later.
    pub(crate) fn says(&self, words: &str) -> bool {
        eventually(|| self.said.lock().unwrap().contains(words))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many threads it has, from the kernel's list.
    pub(crate) fn threads(&self) -> usize {
        self.entries("task")
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        self.entries("fd")
    }

    fn entries(&self, folder: &str) -> usize {
        fs::read_dir(format!("/proc/{}/{folder}", self.pid())).map_or(0, Iterator::count)
    }

    /// The size of its address space in KiB. The stack of a thread that nobody has joined is a
    /// part of it.
    pub(crate) fn address_space(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
        let size = size.unwrap().split_whitespace().next().unwrap();
        size.parse().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub(crate) fn exit(&mut self) -> ExitStatus {
        assert!(eventually(|| !self.is_alive()), "it does not end");
        self.child.wait().unwrap()
    }

    pub(crate) fn connect(&self) -> Client {
        connect(self.address)
    }

    /// Connects and asks, and does not wait for the answer.
    pub(crate) fn ask(&self, target: &str) -> Client {
        let mut client = self.connect();
        ask(&mut client, target);
        client
    }

    /// Asks and waits for the answer.
    pub(crate) fn get(&self, target: &str) -> Result<Answer, NoAnswer> {
        self.ask(target).answer()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that is gone, which is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn connect(address: SocketAddr) -> Client {
    Client::connect(1, address, GUARD, Transcript::default()).unwrap()
}

pub(crate) fn ask(client: &mut Client, target: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    client.send(request.as_bytes()).unwrap();
}

/// A number in the JSON of `/sleep`, such as `started_ms`.
pub(crate) fn number(answer: &Answer, name: &str) -> f64 {
    let text = answer.text();
    let (_, rest) = text.split_once(&format!("\"{name}\": ")).unwrap();
    let digits = rest.split([',', '}']).next().unwrap();
    digits.parse().unwrap()
}

/// Reads to the end in a thread of its own: a server must not meet a full pipe.
fn collect(source: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let collected = Arc::clone(&text);
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while let Ok(1..) = source.read_until(b'\n', &mut line) {
            let line = std::mem::take(&mut line);
            *collected.lock().unwrap() += &String::from_utf8_lossy(&line);
        }
    });
    text
}
