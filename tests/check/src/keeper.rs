//! Who ends what we have started, when we cannot do it any more.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::client::GUARD;
use crate::process::Processes;

/// A shell with a process group of its own, in which a server is started. It waits for our end of
/// a pipe to close, and then kills the group. However we end, even by Ctrl-C or SIGKILL, the
/// kernel closes the pipe, and nothing is left behind. No signal handler is needed.
pub(crate) struct Keeper(Child);

impl Keeper {
    /// Starts one.
    pub(crate) fn start() -> io::Result<Keeper> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "read -r _; kill -KILL 0"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        shell.spawn().map(Keeper)
    }

    /// The number of the process group, for `Command::process_group`.
    pub(crate) fn group(&self) -> i32 {
        // Linux numbers its processes with positive `pid_t`, which is an i32. Zero would be a new
        // group: then only the keeper's service is lost.
        i32::try_from(self.0.id()).unwrap_or(0)
    }

    /// The living processes of the group, without the keeper.
    pub(crate) fn kept(&self) -> Processes {
        let id = self.0.id();
        Processes::of_group(id, id)
    }

    /// Ends the whole group, and waits until it has gone: only then its port is free. To be called
    /// once, when no process will be started in the group any more.
    pub(crate) fn end(&mut self) {
        if let Some(group) = Pid::from_raw(self.group()) {
            // The keeper is not reaped yet, so the number still means this group and no other.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let until = Instant::now() + GUARD;
        while !self.kept().is_empty() && Instant::now() < until {
            thread::sleep(Duration::from_millis(1));
        }
        // It cannot fail for a child that nobody has reaped.
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(keeper: &Keeper) -> Child {
        let mut shell = Command::new("sh");
        // Nobody writes to the pipe, so it waits until it is killed.
        shell.args(["-c", "read -r _"]).stdin(Stdio::piped());
        shell.process_group(keeper.group()).spawn().unwrap()
    }

    #[test]
    fn the_end_of_a_keeper_is_the_end_of_what_it_keeps() {
        let mut keeper = Keeper::start().unwrap();
        let mut kept = sleeper(&keeper);
        assert!(!keeper.kept().is_empty());
        keeper.end();
        assert!(kept.try_wait().unwrap().is_some(), "it has gone already");
    }

    #[test]
    fn a_keeper_whose_pipe_closes_ends_what_it_keeps_and_itself() {
        let mut keeper = Keeper::start().unwrap();
        let mut kept = sleeper(&keeper);
        drop(keeper.0.stdin.take());
        assert!(!kept.wait().unwrap().success());
        assert!(!keeper.0.wait().unwrap().success());
    }
}
