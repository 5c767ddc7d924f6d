//! Who ends what we have started, when we cannot do it any more.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::patience::eventually;
use crate::process;

/// A shell with a process group of its own, in which others are started. It waits for our end of a
/// pipe to close, and then kills the group. However we end, even by Ctrl-C or SIGKILL, the kernel
/// closes the pipe, and nothing is left behind. No signal handler is needed.
#[derive(Debug)]
pub struct Keeper(Child);

impl Keeper {
    /// Starts one.
    pub fn start() -> io::Result<Keeper> {
        let mut shell = Command::new("sh");
        // A signal for those that it keeps reaches the keeper as well.
        shell
            .args(["-c", "trap '' INT TERM; read -r _; kill -KILL 0"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        shell.spawn().map(Keeper)
    }

    /// The number of the process group, for `Command::process_group`.
    pub fn group(&self) -> i32 {
        // Linux numbers its processes with positive `pid_t`, which is an i32. Zero would be a new
        // group: then only the keeper's service is lost.
        i32::try_from(self.0.id()).unwrap_or(0)
    }

    /// The living processes of the group, without the keeper.
    pub fn kept(&self) -> Vec<u32> {
        let id = self.0.id();
        let mut members = process::of_group(id);
        members.retain(|&member| member != id);
        members
    }

    /// Sends a signal to everything that it keeps.
    pub fn signal(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.group()) {
            // The keeper is not reaped yet, so the number still means this group and no other. The
            // group may be gone already, which is what we want.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Ends the whole group, and waits until it has gone: only then its ports are free. To be
    /// called once, when no process will be started in the group any more.
    pub fn end(&mut self) {
        self.signal(Signal::KILL);
        // Whoever is not gone after the guard is stuck in the kernel, and nobody can help that.
        eventually(|| self.kept().is_empty());
        // It cannot fail for a child that nobody has reaped.
        let _ = self.0.wait();
    }

    /// Closes our end of the pipe, as the kernel does when we die.
    pub fn let_go(&mut self) {
        drop(self.0.stdin.take());
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
        keeper.let_go();
        assert!(!kept.wait().unwrap().success());
        assert!(!keeper.0.wait().unwrap().success());
    }

    #[test]
    fn a_signal_ends_what_is_kept_and_not_the_keeper() {
        let mut keeper = Keeper::start().unwrap();
        // It says when its trap is set: a signal before that would end it, too.
        let is_blind = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", keeper.0.id()));
            let status = status.unwrap_or_default();
            let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
            let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            // Bit 1 is SIGINT, bit 14 is SIGTERM.
            ignored.is_some_and(|mask| mask & 0x4002 == 0x4002)
        };
        assert!(eventually(is_blind));
        let mut kept = sleeper(&keeper);
        keeper.signal(Signal::TERM);
        assert!(!kept.wait().unwrap().success());
        assert_eq!(keeper.0.try_wait().unwrap(), None);
        keeper.end();
    }
}
