//! The children of a server: who they are, when they end, and how they are made to.

// ANCHOR: imports
use std::collections::HashMap;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use terminal::say;
// ANCHOR_END: imports

// ANCHOR: children
/// The children that have not been waited for.
///
/// A process that has ended stays in the kernel's table until its parent asks how it ended. Until
/// then it is a zombie: no memory, no code, but a number, and the numbers run out.
#[derive(Debug, Default)]
pub struct Children {
    alive: HashMap<Pid, Child>,
    /// Whether one has ended before its time.
    lost_one: bool,
}

#[derive(Clone, Copy, Debug)]
struct Child {
    started: Instant,
    /// Whether it was asked to end: it is given a moment, and then no more.
    asked: bool,
}

impl Children {
    /// Takes in a child that was just forked.
    pub fn add(&mut self, pid: Pid) {
        let started = Instant::now();
        self.alive.insert(
            pid,
            Child {
                started,
                asked: false,
            },
        );
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.alive.len()
    }

    /// Waits for every child that has ended, and for none that has not.
    ///
    /// One `SIGCHLD` can stand for many children, so one is not enough: the loop goes on until
    /// the kernel has no more. A process that is not ours (an orphan that was given to us because
    /// we are process 1, a child of other code) is waited for and otherwise ignored.
    pub fn reap(&mut self) {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, 0)) => drop(self.forget(pid)),
                Ok(WaitStatus::Exited(pid, code)) => {
                    self.lose(pid);
                    say(format_args!("child {pid} ended with the code {code}"));
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    self.lose(pid);
                    say(format_args!("child {pid} was ended by {signal}"));
                }
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Ok(_) | Err(Errno::EINTR) => {} // Stopped, continued, interrupted: not an end.
                Err(error) => return say(format_args!("waitpid: {error}")),
            }
        }
    }

    /// Whether a child has ended before its time, and its client perhaps without an answer, since
    /// this was asked last.
    pub fn have_lost_one(&mut self) -> bool {
        std::mem::take(&mut self.lost_one)
    }

    fn forget(&mut self, pid: Pid) -> bool {
        self.alive.remove(&pid).is_some()
    }

    fn lose(&mut self, pid: Pid) {
        self.lost_one |= self.forget(pid);
    }
}
// ANCHOR_END: children

// ANCHOR: end
impl Children {
    /// Asks children that are older than `limit` to end, and ends those that were asked before.
    pub fn end_older_than(&mut self, limit: Duration) {
        const MOMENT: Duration = Duration::from_secs(5);
        for (pid, child) in &mut self.alive {
            let age = child.started.elapsed();
            if age > limit + MOMENT {
                send(*pid, Signal::SIGKILL);
            } else if age > limit && !child.asked {
                child.asked = true;
                say(format_args!("child {pid} has taken too long"));
                send(*pid, Signal::SIGTERM);
            }
        }
    }

    /// Ends all children, with `SIGTERM` or `SIGKILL`.
    pub fn end_all(&self, signal: Signal) {
        self.alive.keys().for_each(|pid| send(*pid, signal));
    }
}

/// Sends a signal to a child, which may have ended in this moment; it is a zombie until we wait
/// for it, so its number cannot be another's.
fn send(pid: Pid, signal: Signal) {
    if let Err(error) = kill(pid, signal) {
        say(format_args!("kill {pid}: {error}"));
    }
}
// ANCHOR_END: end
