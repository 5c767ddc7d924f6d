//! What Linux tells about a server's processes, in `/proc`.

use std::collections::HashMap;
use std::fs;

/// The processes of a server at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// How many processes there are.
    pub processes: usize,
    /// How many threads they have.
    pub threads: usize,
    /// The memory that they have resident, in KiB. A page that several share counts once: each of
    /// them has its part.
    pub memory_kib: u64,
    /// How often each thread has been switched, for the threads that live.
    pub switches: HashMap<u32, u64>,
}

/// Looks at a process and all its descendants. `None` if it has gone, or if this kernel does not
/// list the children of a process.
pub fn look_at(root: u32) -> Option<Sight> {
    let mut sight = Sight::default();
    let mut found = vec![root];
    while let Some(pid) = found.pop() {
        match look_at_one(pid, &mut sight) {
            Some(children) => found.extend(children),
            None if pid == root => return None,
            // A child may end at any moment.
            None => {}
        }
    }
    Some(sight)
}

/// Adds one process to what is seen. The result are its children.
fn look_at_one(pid: u32, sight: &mut Sight) -> Option<Vec<u32>> {
    let status = Status::of(&format!("/proc/{pid}/status"))?;
    // A zombie has no memory. It is no process that could do anything.
    let all = status.number("VmRSS:")?;
    let share = Status::of(&format!("/proc/{pid}/smaps_rollup"));
    // Another user's process may hide it. Then what is shared counts in full.
    let memory = share.and_then(|share| share.number("Pss:")).unwrap_or(all);
    let mut children = Vec::new();
    let mut threads = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let folder = task.path();
        children.extend(numbers(&fs::read_to_string(folder.join("children")).ok()?));
        let status = folder.join("status");
        let status = status.to_str().and_then(Status::of);
        let thread = task.file_name().to_str().and_then(|id| id.parse().ok());
        if let (Some(thread), Some(status)) = (thread, status) {
            threads += 1;
            sight.switches.insert(thread, status.switches());
        }
    }
    sight.processes += 1;
    sight.threads += threads;
    sight.memory_kib += memory;
    Some(children)
}

fn numbers(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.split_whitespace().filter_map(|word| word.parse().ok())
}

/// A file such as `status`: lines such as `VmRSS:     2048 kB`.
struct Status(String);

impl Status {
    fn of(path: &str) -> Option<Status> {
        fs::read_to_string(path).ok().map(Status)
    }

    fn number(&self, name: &str) -> Option<u64> {
        let mut lines = self.0.lines();
        let value = lines.find_map(|line| line.strip_prefix(name))?;
        value.split_whitespace().next()?.parse().ok()
    }

    /// Those it asked for by waiting, and those it did not.
    fn switches(&self) -> u64 {
        let count = |name| self.number(name).unwrap_or(0);
        count("voluntary_ctxt_switches:") + count("nonvoluntary_ctxt_switches:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::thread;

    #[test]
    fn we_have_memory_and_threads_that_were_switched() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let waiting = thread::spawn(move || receiver.recv());
        let sight = look_at(std::process::id()).unwrap();
        assert!(sight.processes >= 1 && sight.threads >= 2 && sight.memory_kib > 100);
        assert!(sight.switches.values().sum::<u64>() > 0);
        drop(sender);
        let _ = waiting.join();
    }

    #[test]
    fn children_of_children_count_and_ended_ones_do_not() {
        // A shell, in it a shell, in it one that ends and is not waited for.
        let script = "sh -c 'true & echo $$; read -r _; :'; :";
        let mut shell = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        // `true` may still run at the first look.
        let start = std::time::Instant::now();
        while look_at(shell.id()).unwrap().processes != 2 {
            assert!(start.elapsed() < check::client::GUARD);
            thread::yield_now();
        }
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert_eq!(look_at(shell.id()), None);
    }
}
