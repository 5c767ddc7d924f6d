//! A lesson in a child process that cannot outlive us.

use std::fmt::{self, Display};
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use check::client::GUARD;
use rustix::process::{Pid, Signal, kill_process_group};

/// The server runs in a process group of its own, beside a shell that waits for our end of a pipe
/// to close and then kills the group: the server, and every process that it forked. However we
/// end, even by Ctrl-C or SIGKILL, the kernel closes the pipe. No signal handler is needed.
///
/// It first says the server's process id, in a subshell: if we have ended already, that one dies
/// of the broken pipe and not the keeper. Then it leaves standard output to the server.
const KEEPER: &str = r#""$@" & (echo "$!"); exec >&-; read -r _; kill -KILL 0"#;

/// A running server. Dropping it ends it, with all its processes.
pub struct Kept {
    keeper: Child,
    pid: u32,
    address: SocketAddr,
}

impl Kept {
    /// Starts a lesson on a free port and waits for the line that says that it listens.
    pub fn start(binary: &Path, flags: &[String]) -> Result<Kept, StartError> {
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(binary)
            .args(["--addr", "127.0.0.1:0"])
            .args(flags)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut keeper = command
            .spawn()
            .map_err(|error| StartError(format!("sh: {error}")))?;
        let words = first_words(keeper.stderr.take());
        let lines = lines_of(keeper.stdout.take());
        let mut kept = Kept {
            keeper,
            pid: 0,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        // The two lines come from two processes, so they come in any order.
        while kept.pid == 0 || kept.address.port() == 0 {
            let Ok(line) = lines.recv_timeout(GUARD) else {
                // This closes its standard error, so that the thread comes to an end.
                drop(kept);
                let words = words.join().unwrap_or_default();
                let name = binary.display();
                return Err(StartError(format!("{name} did not start. {words}")));
            };
            kept.hear(&line);
        }
        Ok(kept)
    }

    fn hear(&mut self, line: &str) {
        let ready = line.split_once(" listening on http://");
        if let Some(address) = ready.and_then(|(_, address)| address.trim().parse().ok()) {
            self.address = address;
        } else if let Ok(pid) = line.trim().parse() {
            self.pid = pid;
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process that was started; others may descend from it.
    pub fn pid(&self) -> u32 {
        self.pid
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let group = i32::try_from(self.keeper.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // The keeper is not reaped yet, so the number still means this group and no other.
            let _ = kill_process_group(group, Signal::KILL);
        }
        // Fails only for a keeper that is gone, which is what we want.
        let _ = self.keeper.wait();
    }
}

/// Reads standard output to its end on a thread: a server must not meet a full or broken pipe.
fn lines_of(output: Option<ChildStdout>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let lines = output
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines());
        for line in lines.map_while(Result::ok) {
            // After the ready line nobody listens, and the reading goes on.
            let _ = sender.send(line);
        }
    });
    receiver
}

/// Reads standard error to its end on a thread. The beginning is kept, for the report that the
/// server failed to start.
fn first_words(stream: Option<ChildStderr>) -> JoinHandle<String> {
    const MOST: u64 = 4096;
    thread::spawn(move || {
        let mut words = Vec::new();
        if let Some(mut stream) = stream {
            // What cannot be read is not kept.
            let _ = stream.by_ref().take(MOST).read_to_end(&mut words);
            let _ = io::copy(&mut stream, &mut io::sink());
        }
        String::from_utf8_lossy(&words).into_owned()
    })
}

/// A server that could not be started.
#[derive(Debug)]
pub struct StartError(String);

impl Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.trim())
    }
}

impl std::error::Error for StartError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_its_words() {
        let flags = ["--no-such-flag".to_owned()];
        let error = Kept::start(Path::new("/bin/ls"), &flags).err().unwrap();
        let error = error.to_string();
        assert!(error.contains("/bin/ls did not start"), "{error}");
        assert!(error.contains("addr"), "{error}");
    }

    #[test]
    fn a_binary_that_does_not_exist_is_reported_by_name() {
        let error = Kept::start(Path::new("/no/such/lesson"), &[])
            .err()
            .unwrap();
        assert!(error.to_string().contains("/no/such/lesson"), "{error}");
    }
}
