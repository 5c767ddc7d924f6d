//! What Linux tells about running processes: descriptors, memory, processor time.

mod limits;
mod listening;

use std::collections::HashMap;
use std::fs;
use std::io;

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

/// The processes of a server: one of ours, or everything that a command started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processes(Vec<u32>);

impl Processes {
    /// One process.
    pub fn one(id: u32) -> Processes {
        Processes(vec![id])
    }

    /// Every living process of a process group, `without` one of them.
    pub fn of_group(group: u32, without: u32) -> Processes {
        let Ok(folder) = fs::read_dir("/proc") else {
            return Processes(Vec::new());
        };
        let ids = folder
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        Processes(
            ids.filter(|&id| {
                id != without && Stat::of(id).is_some_and(|stat| stat.lives_in(group))
            })
            .collect(),
        )
    }

    /// The same without one that is a shell with a command to read: it has started the others. A
    /// shell that has become the server itself (`exec`) is none any more.
    pub(crate) fn without_shell(mut self, shell: u32) -> Processes {
        let line = fs::read(format!("/proc/{shell}/cmdline")).unwrap_or_default();
        if line.starts_with(b"sh\0-c\0") {
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
        let numbers = self.0.iter().map(|&id| descriptors_of(id).len());
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

    /// Forbids them to open another descriptor. The result undoes it.
    pub fn exhaust_descriptors(&self) -> io::Result<Exhausted> {
        let mut exhausted = Exhausted(Vec::new());
        for &id in &self.0 {
            let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) else {
                continue;
            };
            // A new descriptor takes the lowest free number, so that number is the limit.
            let taken = descriptors_of(id);
            let free = (0..).find(|number| !taken.contains(number)).unwrap_or(0);
            let before = prlimit(
                Some(pid),
                Resource::Nofile,
                Rlimit {
                    current: Some(free),
                    maximum: hard_limit(id),
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
        let Ok(folder) = fs::read_dir("/proc") else {
            return 0;
        };
        let ids = folder
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let stats = ids.filter_map(Stat::of);
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

fn descriptors_of(id: u32) -> Vec<u64> {
    let Ok(folder) = fs::read_dir(format!("/proc/{id}/fd")) else {
        return Vec::new();
    };
    let names = folder.flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect()
}

fn hard_limit(id: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{id}/limits")).ok()?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))?;
    // Max open files            1024                 1048576              files
    line.split_whitespace().nth(4)?.parse().ok()
}

fn resident(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What `/proc/ID/stat` says, as far as it matters here.
struct Stat {
    state: char,
    parent: u32,
    group: u32,
    ticks: u64,
}

impl Stat {
    fn of(id: u32) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// The name in parentheses may hold anything, so the count starts after the last `)`.
    fn parse(text: &str) -> Option<Stat> {
        let (_, rest) = text.rsplit_once(')')?;
        let words: Vec<_> = rest.split_whitespace().collect();
        let number = |index: usize| words.get(index)?.parse::<u64>().ok();
        Some(Stat {
            state: words.first()?.chars().next()?,
            parent: u32::try_from(number(1)?).ok()?,
            group: u32::try_from(number(2)?).ok()?,
            ticks: number(11)? + number(12)?,
        })
    }

    fn lives_in(&self, group: u32) -> bool {
        self.group == group && !matches!(self.state, 'Z' | 'X')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_spaces_and_parentheses_does_not_confuse() {
        let stat = Stat::parse("7 (a) b) S 1 42 42 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 0").unwrap();
        assert_eq!((stat.state, stat.group, stat.ticks), ('S', 42, 7));
        assert_eq!(stat.parent, 1);
    }

    #[test]
    fn a_child_that_nobody_has_waited_for_is_a_zombie() {
        // A process of its own, so that it has no other children: it starts one and never waits.
        let mut parent = std::process::Command::new("sh")
            .args(["-c", "sh -c 'exit 0' & exec sleep 60"])
            .spawn()
            .unwrap();
        let processes = Processes::one(parent.id());
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while processes.zombies() == 0 && std::time::Instant::now() < until {
            std::thread::yield_now();
        }
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
