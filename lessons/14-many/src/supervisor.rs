//! The supervisor: it binds once, starts workers that listen on that socket, and sees to it that
//! there are as many as there should be. It never serves anybody itself.

// ANCHOR: imports
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::time::Instant;

use lesson03::Bell;
use lesson05::{Ended, Side, exit_child, fork, let_nobody_in, only_thread, ring_on_signals};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getppid};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
use socket2::Socket;
use terminal::{notify, ready, say};

use crate::inherit::pass_on;
use crate::letterbox::Letterbox;
use crate::roster::{Meaning, Order, Roster, State};
// ANCHOR_END: imports

// ANCHOR: supervisor
/// What is started, again and again.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program. Its path is looked up once: when a newer one has taken its place, the kernel
    /// still knows where it was, and `current_exe` does not.
    pub program: PathBuf,
    /// What follows its name.
    pub arguments: Vec<OsString>,
    /// Whether it is this lesson's own, and hears what is not about stopping.
    pub is_ours: bool,
}

/// Somebody who keeps workers.
pub struct Supervisor {
    name: &'static str,
    command: WorkerCommand,
    /// `None` once the door is shut.
    listener: Option<Socket>,
    /// Whether somebody else listens on the same socket when we have gone.
    is_inherited: bool,
    address: SocketAddr,
    roster: Roster,
    letterbox: Letterbox,
    bells: Bells,
    has_announced: bool,
    was_complete: bool,
}

impl Supervisor {
    /// A supervisor whose workers will listen on `listener`.
    pub fn new(
        name: &'static str,
        command: WorkerCommand,
        listener: Socket,
        is_inherited: bool,
        roster: Roster,
    ) -> Result<Supervisor, Box<dyn Error>> {
        if !only_thread()? {
            return Err("only a process with a single thread may fork".into());
        }
        let address = listener.local_addr()?.as_socket();
        Ok(Supervisor {
            name,
            command,
            address: address.ok_or("we listen at IPv4 and IPv6 addresses only")?,
            listener: Some(listener),
            is_inherited,
            roster,
            letterbox: Letterbox::new()?,
            bells: Bells::new()?,
            has_announced: false,
            was_complete: false,
        })
    }

    // ANCHOR: run
    /// Keeps workers until somebody says stop, and all of them have left.
    pub fn run(mut self) -> Result<Ended, Box<dyn Error>> {
        loop {
            while let Some(order) = self.roster.next(Instant::now()) {
                match order {
                    Order::Finish(true) => return Ok(Ended::Clean),
                    Order::Finish(false) => return Ok(Ended::Forced),
                    Order::GiveUp(why) => return self.give_up(&why),
                    order => self.carry_out(order),
                }
            }
            self.announce();
            self.sleep()?;
            self.hear();
        }
    }
    // ANCHOR_END: run
}
// ANCHOR_END: supervisor

// ANCHOR: carry_out
impl Supervisor {
    fn carry_out(&mut self, order: Order) {
        let now = Instant::now();
        match order {
            Order::Start => self.start(),
            Order::Ask(pid) => {
                send(pid, Signal::SIGTERM);
                self.roster.asked(pid, now);
            }
            Order::End(pid) => {
                say(format_args!("worker {pid} has taken too long"));
                send(pid, Signal::SIGKILL);
                self.roster.ended_by_us(pid, now);
            }
            Order::Drain(pid) => {
                // To somebody else's worker this signal would be the end.
                if self.command.is_ours {
                    send(pid, Signal::SIGUSR2);
                }
                self.roster.told(pid);
            }
            Order::ShutTheDoor => self.shut_the_door(),
            Order::Finish(_) | Order::GiveUp(_) => {}
        }
    }

    /// Closes our descriptor of the listener, so that the last worker's is the last one. Until
    /// then nobody is thrown out who has been let in.
    fn shut_the_door(&mut self) {
        say(format_args!(
            "stopping; workers: {}; once more to stop at once",
            self.roster.members().len()
        ));
        let _ = notify("STOPPING=1");
        if let Some(listener) = self.listener.take()
            && !self.is_inherited
        {
            // It is one socket for all of us: the workers find nobody new behind this door either.
            let_nobody_in(&listener);
        }
        self.roster.door_is_shut();
    }

    fn give_up(&self, why: &str) -> Result<Ended, Box<dyn Error>> {
        Err(format!("no worker gets ready, and none is left: {why}").into())
    }

    /// Says once, when all workers are ready, where they listen; and afterwards, when all are new.
    fn announce(&mut self) {
        let is_complete = self.roster.is_complete();
        if is_complete && !self.has_announced {
            self.has_announced = true;
            ready(self.name, self.address);
        } else if is_complete && !self.was_complete {
            say(format_args!("{} workers are ready", self.roster.wanted()));
        }
        self.was_complete = is_complete;
    }
}

/// Sends a signal to a worker. It has not been waited for, so its number cannot be another's.
fn send(pid: Pid, signal: Signal) {
    if let Err(error) = kill(pid, signal) {
        say(format_args!("kill {pid}: {error}"));
    }
}
// ANCHOR_END: carry_out

// ANCHOR: start
impl Supervisor {
    /// Starts a worker: fork, and in the copy the program, from the disk, as it is there now. A
    /// copy that went on with this program could never become a newer one.
    fn start(&mut self) {
        let supervisor = process::id();
        match fork() {
            Ok(Side::Parent(pid)) => self.roster.started(pid, Instant::now()),
            Ok(Side::Child) => {
                let error = self.become_worker(supervisor);
                say(format_args!("{}: {error}", self.command.program.display()));
                exit_child(1);
            }
            Err(error) => {
                say(format_args!("fork: {error}"));
                let why = format!("fork: {error}");
                self.roster.not_started(why, Instant::now());
            }
        }
    }

    /// Becomes the worker's program. It returns only if that cannot be.
    fn become_worker(&self, supervisor: u32) -> io::Error {
        // Whoever lost its supervisor would own the port, and nobody would know of it: it is asked
        // to leave as soon as its parent ends, even by `kill -9`.
        let at_parents_end = rustix::process::Signal::TERM;
        if let Err(error) = rustix::process::set_parent_process_death_signal(Some(at_parents_end)) {
            return error.into();
        }
        // It may have ended before we asked.
        if u32::try_from(getppid().as_raw()) != Ok(supervisor) {
            return io::Error::other("the supervisor has gone");
        }
        let passed_on = self.listener.as_ref().map(pass_on);
        if let Some(Err(error)) = passed_on {
            return error;
        }
        let mut command = Command::new(&self.command.program);
        if !self.command.is_ours
            && let Some(listener) = &self.listener
        {
            match listener.try_clone() {
                Ok(listener) => command.stdin(OwnedFd::from(listener)),
                Err(error) => return error,
            };
            // Ctrl-C goes to all processes of the terminal's group. Our own workers leave it to us;
            // one of another lesson would take our `SIGTERM` for a second one, and hurry.
            command.process_group(0);
        }
        // Only now is it known which number the worker has.
        command
            .args(&self.command.arguments)
            .env("LISTEN_FDS", "1")
            .env("LISTEN_PID", process::id().to_string())
            .env("NOTIFY_SOCKET", self.letterbox.name())
            // The line that says where we listen is ours to print.
            .stdout(Stdio::null())
            .exec()
    }
}

/// The program that runs, and what it was told, with `more` behind that.
pub fn myself(more: &[&str]) -> io::Result<WorkerCommand> {
    let more = more.iter().map(OsString::from);
    Ok(WorkerCommand {
        program: env::current_exe()?,
        arguments: env::args_os().skip(1).chain(more).collect(),
        is_ours: true,
    })
}
// ANCHOR_END: start

// ANCHOR: hear
/// A bell for each kind of signal: they may come together, and mean different things.
struct Bells {
    reload: Bell,
    more: Bell,
    fewer: Bell,
    numbers: Bell,
    drain: Bell,
    child: Bell,
    stop: Bell,
}

impl Bells {
    fn new() -> io::Result<Bells> {
        let bell = |signals: &[i32]| {
            let bell = Bell::new()?;
            ring_on_signals(&bell, signals)?;
            Ok::<Bell, io::Error>(bell)
        };
        Ok(Bells {
            reload: bell(&[SIGHUP])?,
            more: bell(&[SIGTTIN])?,
            fewer: bell(&[SIGTTOU])?,
            numbers: bell(&[SIGUSR1])?,
            drain: bell(&[SIGUSR2])?,
            child: bell(&[SIGCHLD])?,
            stop: bell(&[SIGTERM, SIGINT])?,
        })
    }

    fn all(&self) -> [&Bell; 7] {
        [
            &self.reload,
            &self.more,
            &self.fewer,
            &self.numbers,
            &self.drain,
            &self.child,
            &self.stop,
        ]
    }
}

impl Supervisor {
    /// Sleeps until somebody rings or writes, or there is something to do all the same.
    fn sleep(&self) -> io::Result<()> {
        let wish = |what| PollFd::from_borrowed_fd(what, PollFlags::IN);
        let mut all: Vec<PollFd> = self.bells.all().map(|bell| wish(bell.as_fd())).into();
        all.push(wish(self.letterbox.as_fd()));
        let now = Instant::now();
        let left = self
            .roster
            .alarm(now)
            .map(|alarm| alarm.saturating_duration_since(now));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut all, left.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes note of everything that has happened.
    fn hear(&mut self) {
        self.roster.pass(Instant::now());
        // Those who are ready first: one that has ended since was ready nevertheless.
        while let Some(pid) = self.letterbox.next_ready() {
            self.roster.ready(pid);
        }
        if self.bells.child.rings() > 0 {
            self.bury();
        }
        if self.bells.reload.rings() > 0 {
            say("new workers in place of these");
            self.roster.reload();
        }
        for _ in 0..self.bells.more.rings() {
            self.roster.one_more();
        }
        for _ in 0..self.bells.fewer.rings() {
            self.roster.one_less();
        }
        if self.bells.drain.rings() > 0 {
            say("the balancer is told to send nobody");
            self.roster.drain();
        }
        for _ in 0..self.bells.stop.rings() {
            self.roster.stop(Instant::now());
        }
        if self.bells.numbers.rings() > 0 {
            self.say_numbers();
        }
    }

    /// Waits for every child that has ended. One `SIGCHLD` can stand for several.
    fn bury(&mut self) {
        loop {
            let (pid, failure) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, 0)) => (pid, None),
                Ok(WaitStatus::Exited(pid, code)) => {
                    (pid, Some(format!("it ended with the code {code}")))
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    (pid, Some(format!("it was ended by {signal}")))
                }
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(error) => return say(format_args!("waitpid: {error}")),
            };
            let how = failure.clone().unwrap_or_else(|| "it ended".to_owned());
            match self.roster.gone(pid, failure, Instant::now()) {
                Meaning::Stranger | Meaning::Left => {}
                Meaning::Crashed => say(format_args!("worker {pid}: {how}")),
                Meaning::ReloadFailed => say(format_args!(
                    "worker {pid}: {how}; the others stay as they are"
                )),
            }
        }
    }

    fn say_numbers(&self) {
        say(format_args!("workers wanted: {}", self.roster.wanted()));
        for member in self.roster.members() {
            let state = match member.state {
                State::Starts(_) => "starts",
                State::Ready => "serves",
                State::Leaves(..) => "leaves",
            };
            let (pid, generation) = (member.pid, member.generation);
            say(format_args!(
                "worker {pid}, generation {generation}: {state}"
            ));
            if member.state == State::Ready && self.command.is_ours {
                send(pid, Signal::SIGUSR1); // What it has done, it says itself.
            }
        }
    }
}
// ANCHOR_END: hear
