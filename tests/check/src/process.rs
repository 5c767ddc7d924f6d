//! What Linux tells about running processes: descriptors, memory, processor time.

mod limits;
mod listening;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::time::Duration;

use kit::process::{self, Stat};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// The processes of a server: one of ours, or everything that a command started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processes(Vec<u32>);

impl Processes {
    /// One process.
    pub fn one(id: u32) -> Processes {
        Processes(vec![id])
    }

    /// Several processes.
    pub fn these(ids: Vec<u32>) -> Processes {
        Processes(ids)
    }

    /// The same, and those below them that are another program, or the same one with other words: a
    /// supervisor's workers. A copy that a fork has made is none, for it is gone in a moment.
    pub(crate) fn with_workers(mut self) -> Processes {
        let line = |id: &u32| fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let own: Vec<_> = self.0.iter().map(line).collect();
        let below = self.0.iter().flat_map(|&id| process::below(id));
        let workers: Vec<u32> = below
            .filter(|id| !own.contains(&line(id)) && !line(id).is_empty())
            .collect();
        self.0.extend(workers);
        self
    }

    /// The same without one that is a shell with a command to read: it has started the others.
    pub(crate) fn without_shell(mut self, shell: u32) -> Processes {
        if is_shell(shell) {
            self.0.retain(|&id| id != shell);
        }
        self
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many descriptors they have open.
    pub fn descriptors(&self) -> usize {
        let numbers = self.0.iter().map(|&id| process::descriptors(id).len());
        numbers.sum()
    }

    /// How much memory is resident, in KiB.
    pub fn memory(&self) -> u64 {
        self.0.iter().filter_map(|&id| resident(id)).sum()
    }

    /// How much processor time each of them has used, in ticks of 10 ms; those that have ended
    /// cannot be asked any more.
    pub fn ticks(&self) -> HashMap<u32, u64> {
        let stats = self.0.iter().map(|&id| (id, Stat::of(id)));
        stats
            .filter_map(|(id, stat)| Some((id, stat?.ticks)))
            .collect()
    }

    /// For how long each of them has not slept: its threads had a processor, or waited for one that
    /// somebody else had. Those that have ended cannot be asked any more.
    pub fn awake(&self) -> HashMap<u32, Duration> {
        let each = self.0.iter().map(|&id| (id, awake(id)));
        each.filter_map(|(id, awake)| Some((id, awake?))).collect()
    }

    /// Forbids them to open another descriptor. The result undoes it.
    pub fn exhaust_descriptors(&self) -> io::Result<Exhausted> {
        let mut exhausted = Exhausted(Vec::new());
        for &id in &self.0 {
            let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else {
                continue;
            };
            // A new descriptor takes the lowest free number, so that number is the limit.
            let taken = process::descriptors(id);
            let free = (0..).find(|number| !taken.contains(number)).unwrap_or(0);
            let before = prlimit(
                Some(pid),
                Resource::Nofile,
                Rlimit {
                    current: Some(free),
                    maximum: process::limit(id, "Max open files", 1),
                },
            )?;
            exhausted.0.push((pid, before));
        }
        Ok(exhausted)
    }
}

impl Processes {
    /// How many threads they have.
    pub fn threads(&self) -> usize {
        let folders = self
            .0
            .iter()
            .map(|id| fs::read_dir(format!("/proc/{id}/task")));
        folders.map(|tasks| tasks.map_or(0, Iterator::count)).sum()
    }

    /// How many children they have, dead or alive.
    pub fn children(&self) -> usize {
        self.children_that(|_| true)
    }

    /// How many of their children have ended and were not waited for.
    pub fn zombies(&self) -> usize {
        self.children_that(|child| child.state == 'Z')
    }

    fn children_that(&self, are: impl Fn(&Stat) -> bool) -> usize {
        let stats = process::ids().filter_map(Stat::of);
        let theirs = stats.filter(|stat| self.0.contains(&stat.parent) && are(stat));
        theirs.count()
    }

    /// Asks them to end, each by `SIGTERM`.
    pub fn terminate(&self) {
        for &id in &self.0 {
            if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
                // One that has ended meanwhile has done what it is asked for.
                let _ = kill_process(pid, Signal::TERM);
            }
        }
    }
}

/// Processes that may open no more descriptors, until this is dropped.
pub struct Exhausted(Vec<(Pid, Rlimit)>);

impl Drop for Exhausted {
    fn drop(&mut self) {
        for (pid, before) in self.0.drain(..) {
            // The process may have ended meanwhile; then there is nothing to undo.
            let _ = prlimit(Some(pid), Resource::Nofile, before);
        }
    }
}

fn awake(id: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{id}/task")).ok()?;
    let lines =
        threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("schedstat")).ok());
    // Nanoseconds with a processor, nanoseconds in the queue for one, and turns.
    let each = lines.map(|line| {
        let words = line.split_whitespace().take(2);
        words
            .filter_map(|word| word.parse::<u64>().ok())
            .sum::<u64>()
    });
    Some(Duration::from_nanos(each.sum()))
}

/// Whether this is a shell that reads a command. One that has become the command itself (`exec`)
/// is none any more.
pub(crate) fn is_shell(id: u32) -> bool {
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    line.starts_with(b"sh\0-c\0")
}

fn resident(id: u32) -> Option<u64> {
    process::number_in(&format!("/proc/{id}/status"), "VmRSS:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::patience::until;

    #[test]
    fn a_child_that_nobody_has_waited_for_is_a_zombie() {
        // A process of its own, so that it has no other children: it starts one and never waits.
        let mut parent = std::process::Command::new("sh")
            .args(["-c", "sh -c 'exit 0' & exec sleep 60"])
            .spawn()
            .unwrap();
        let processes = Processes::one(parent.id());
        until("a zombie", || processes.zombies() > 0);
        assert_eq!((processes.zombies(), processes.children()), (1, 1));
        assert_eq!(processes.threads(), 1);
        processes.terminate();
        assert!(!parent.wait().unwrap().success());
    }

    #[test]
    fn our_own_process_has_descriptors_and_memory() {
        let own = Processes::one(std::process::id());
        let before = own.descriptors();
        // Other tests open and close descriptors too, so only a lower bound can be asserted.
        let _files: Vec<_> = (0..50).map(|_| fs::File::open("/dev/null")).collect();
        assert!(own.descriptors() >= 50 && before >= 3);
        assert!(own.memory() > 100);
    }
}
