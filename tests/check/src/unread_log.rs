//! A server whose log goes into a pipe that nobody reads.

pub mod promises;

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionbio;
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Signal, kill_process};

use crate::answer::Answer;
use crate::client::{Client, GUARD, NoAnswer};
use crate::transcript::Transcript;

/// A server, and the pipe that is its standard error. The pipe has room for one page: a few dozen
/// lines of a log. Dropping it kills the server.
pub struct UnreadLog {
    child: Child,
    address: SocketAddr,
    log: std::io::PipeReader,
}

impl UnreadLog {
    /// Starts a lesson's binary with these flags, on a free port.
    pub fn of(binary: impl AsRef<Path>, flags: &str) -> UnreadLog {
        let (log, writer) = std::io::pipe().expect("a pipe");
        fcntl_setpipe_size(&writer, 4096).expect("a small pipe");
        // This is our end only: the server's is another description.
        ioctl_fionbio(&log, true).expect("reads that do not wait");
        let mut child = Command::new(binary.as_ref())
            .args(["--addr", "127.0.0.1:0"])
            .args(flags.split_whitespace())
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(writer)
            .spawn()
            .expect("the server starts");
        let mut ready = String::new();
        let output = child.stdout.take().expect("its standard output is a pipe");
        BufReader::new(output)
            .read_line(&mut ready)
            .expect("the ready line");
        let (_, address) = ready.trim().split_once("://").expect("an address");
        let address = address.parse().expect("an address with a port");
        UnreadLog {
            child,
            address,
            log,
        }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that has asked for `target`, and wants one answer.
    pub fn ask(&self, target: &str) -> Client {
        let transcript = Transcript::default();
        let mut client = Client::connect(1, self.address, GUARD, transcript).expect("a connection");
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.send(request.as_bytes()).expect("a request leaves");
        client
    }

    /// Asks, and waits for the answer.
    pub fn get(&self, target: &str) -> Result<Answer, NoAnswer> {
        self.ask(target).answer()
    }

    /// Asserts that so many clients, four at a time, all get an answer with this status.
    pub fn answers_all(&self, count: usize, target: &str, status: u16) {
        let asked = AtomicUsize::new(0);
        let ask_on = || {
            while asked.fetch_add(1, Ordering::SeqCst) < count {
                let answer = self.get(target);
                let got = answer.as_ref().map(|answer| answer.status);
                assert_eq!(got.ok(), Some(status), "{answer:?}");
            }
        };
        thread::scope(|scope| {
            (0..4).for_each(|_| {
                scope.spawn(ask_on);
            });
        });
    }

    /// Empties the pipe: what is in it by now.
    pub fn read(&mut self) -> String {
        let mut text = Vec::new();
        // An error says that the pipe is empty; what came before it has been read.
        if let Err(error) = self.log.read_to_end(&mut text) {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        String::from_utf8(text).expect("a log is text")
    }

    /// Empties the pipe until so many lines are accounted for, as kept or as lost.
    pub fn read_until(&mut self, lines: usize) -> String {
        let until = Instant::now() + GUARD;
        let mut log = String::new();
        loop {
            log += &self.read();
            let found = lines_kept(&log) + lines_lost(&log);
            if found >= lines {
                assert_eq!(found, lines, "{log}");
                return log;
            }
            assert!(Instant::now() < until, "{found} of {lines} lines: {log}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal to the server.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a pid"), signal).expect("it runs");
    }

    /// Waits for its end.
    pub fn exit(&mut self) -> ExitStatus {
        let until = Instant::now() + GUARD;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status;
            }
            assert!(Instant::now() < until, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for UnreadLog {
    fn drop(&mut self) {
        // Both fail only for a server that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The number in `N lines lost`, of all such lines together.
pub fn lines_lost(log: &str) -> usize {
    let counts = log.lines().filter_map(count_of_lost);
    counts.sum()
}

/// The lines that are not about lost lines.
pub fn lines_kept(log: &str) -> usize {
    let kept = log.lines().filter(|line| count_of_lost(line).is_none());
    kept.count()
}

fn count_of_lost(line: &str) -> Option<usize> {
    let (count, what) = line.split_once(' ')?;
    let count = count.parse().ok()?;
    matches!(what, "line lost" | "lines lost").then_some(count)
}
