//! A worker without our supervisor: whoever speaks systemd's two protocols can start one.

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};

use kit::patience::{GUARD, until};
use rustix::process::Signal;

use crate::supervised::{get, signal};

/// A process that is started as systemd does it: the socket as descriptor 3, and its own number in
/// `LISTEN_PID`, which the shell knows and keeps over `exec`.
struct Started {
    child: Child,
    address: SocketAddr,
    notified: UnixDatagram,
    listener: TcpListener,
}

fn start(arguments: &str, variables: &str) -> Started {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let address = listener.local_addr().unwrap();
    // A path that is short enough for a Unix socket: there are 108 bytes.
    let path = folder.join(format!("n{}", address.port()));
    let _ = std::fs::remove_file(&path);
    let notified = UnixDatagram::bind(&path).unwrap();
    notified.set_read_timeout(Some(GUARD)).unwrap();
    let command = format!(
        "exec 3<&0 </dev/null; {variables} exec {} --quiet {arguments}",
        env!("CARGO_BIN_EXE_lesson14")
    );
    let child = Command::new("sh")
        .args(["-c", &command])
        .env("NOTIFY_SOCKET", &path)
        .stdin(OwnedFd::from(listener.try_clone().unwrap()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Started {
        child,
        address,
        notified,
        listener,
    }
}

impl Started {
    fn news(&self) -> String {
        let mut news = [0; 100];
        let length = self.notified.recv(&mut news).unwrap();
        String::from_utf8_lossy(&news[..length]).into_owned()
    }

    /// How it ended, and what it has written.
    fn end(&mut self) -> (Option<i32>, String, String) {
        let code = self.child.wait().unwrap().code();
        let (mut output, mut said) = (String::new(), String::new());
        let pipes = (self.child.stdout.take(), self.child.stderr.take());
        pipes.0.unwrap().read_to_string(&mut output).unwrap();
        pipes.1.unwrap().read_to_string(&mut said).unwrap();
        (code, output, said)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PASSED_ON: &str = "LISTEN_FDS=1 LISTEN_PID=$$";

#[test]
fn a_worker_serves_on_the_socket_that_it_is_given_and_says_when_it_is_ready() {
    let mut worker = start("--workers 0", PASSED_ON);
    assert_eq!(worker.news(), "READY=1");
    assert_eq!(get(worker.address, "/", "").unwrap().0, 200);
    signal(worker.child.id(), Signal::TERM);
    let (code, output, said) = worker.end();
    let ready = format!("lesson14 listening on http://{}\n", worker.address);
    assert_eq!((code, output), (Some(0), ready), "{said}");
    // The socket is another's: whoever comes now waits for the next one who serves.
    std::net::TcpStream::connect(worker.address).unwrap();
    worker.listener.accept().unwrap();
}

#[test]
fn a_supervisor_can_be_given_a_socket_too_and_passes_it_on() {
    let mut supervisor = start("--workers 2", PASSED_ON);
    assert_eq!(supervisor.news(), "READY=1");
    assert_eq!(get(supervisor.address, "/", "").unwrap().0, 200);
    signal(supervisor.child.id(), Signal::TERM);
    assert_eq!(supervisor.news(), "STOPPING=1");
    let (code, output, said) = supervisor.end();
    let ready = format!("lesson14 listening on http://{}\n", supervisor.address);
    assert_eq!((code, output), (Some(0), ready), "{said}");
    // No filter has been left on a socket that is not its own.
    std::net::TcpStream::connect(supervisor.address).unwrap();
}

#[test]
fn a_socket_for_somebody_else_is_left_alone() {
    let mut worker = start(
        "--workers 0 --addr 127.0.0.1:0",
        "LISTEN_FDS=1 LISTEN_PID=1",
    );
    assert_eq!(worker.news(), "READY=1");
    signal(worker.child.id(), Signal::TERM);
    let (code, output, _) = worker.end();
    assert_eq!(code, Some(0));
    let other = output
        .trim()
        .strip_prefix("lesson14 listening on http://")
        .unwrap();
    assert_ne!(other.parse::<SocketAddr>().unwrap(), worker.address);
}

#[test]
fn what_cannot_be_listened_on_is_an_error_that_says_what_is_expected() {
    for (variables, expected) in [
        ("LISTEN_FDS=2 LISTEN_PID=$$", "we listen on one socket"),
        (
            "exec 3</dev/null; LISTEN_FDS=1 LISTEN_PID=$$",
            "not a socket that listens",
        ),
    ] {
        let mut worker = start("--workers 0", variables);
        until("it ends", || matches!(worker.child.try_wait(), Ok(Some(_))));
        let (code, _, said) = worker.end();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}
