//! The small server of lesson 14: a supervisor. It serves nobody, so its workers can come and go.

use std::collections::VecDeque;
use std::env;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::{self, Child, Command};
use std::time::Duration;

use lesson03::Bell;
use lesson05::ring_on_signals;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

const WORKERS: usize = 2;

fn main() -> io::Result<()> {
    let port = env::args().nth(1).and_then(|word| word.parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", port.unwrap_or(8888)))?;
    let name = format!("small14/{}", process::id());
    let letterbox = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    letterbox.set_read_timeout(Some(Duration::from_secs(10)))?;
    let start = || start(&listener, &name, &letterbox);
    let stop = bell(&[SIGTERM, SIGINT])?;
    let (reload, ended) = (bell(&[SIGHUP])?, bell(&[SIGCHLD])?);
    let mut workers = VecDeque::new();
    for _ in 0..WORKERS {
        workers.push_back(start()?);
    }
    println!("small14 listening on http://{}", listener.local_addr()?);
    while stop.rings() == 0 {
        if reload.rings() > 0 {
            for _ in 0..WORKERS {
                workers.push_back(start()?); // one more, and only when it is ready
                workers.pop_front().map_or(Ok(()), end)?; // one less
            }
        }
        if ended.rings() > 0 {
            workers.retain_mut(|worker: &mut Child| matches!(worker.try_wait(), Ok(None)));
            while workers.len() < WORKERS {
                workers.push_back(start()?);
            }
        }
        let wish = |bell| PollFd::new(bell, PollFlags::IN);
        let _ = poll(&mut [&stop, &reload, &ended].map(wish), None);
    }
    drop(listener); // before the workers leave, so that the last of them empties the queue
    workers.into_iter().try_for_each(end)
}

/// Starts a worker on the listener, and waits until it says that it is ready.
fn start(listener: &TcpListener, name: &str, letterbox: &UnixDatagram) -> io::Result<Child> {
    // The shell knows its own number, and keeps it when it becomes the worker.
    let script = "trap '' INT; exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"";
    let worker = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(command()?)
        .stdin(listener.as_fd().try_clone_to_owned()?)
        .env("NOTIFY_SOCKET", format!("@{name}"))
        .spawn()?;
    // A signal that comes meanwhile has rung its bell, and interrupts the call.
    while let Err(error) = letterbox.recv(&mut [0; 100]) {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(io::Error::other("a worker has not said READY=1"));
        }
    }
    Ok(worker)
}

/// What to start: what was said, or the worker of this lesson.
fn command() -> io::Result<Vec<String>> {
    let lesson = env::current_exe()?.with_file_name("../lesson14");
    let lesson = lesson.display().to_string();
    let own = [&lesson, "--workers", "0", "--quiet"].map(str::to_owned);
    let said: Vec<String> = env::args().skip(2).collect();
    Ok(if said.is_empty() { own.into() } else { said })
}

/// Asks a worker to leave, and waits until it has.
fn end(mut worker: Child) -> io::Result<()> {
    let _ = kill(Pid::from_raw(worker.id().cast_signed()), Signal::SIGTERM);
    worker.wait().map(drop)
}

fn bell(signals: &[i32]) -> io::Result<Bell> {
    let bell = Bell::new()?;
    ring_on_signals(&bell, signals)?;
    Ok(bell)
}
