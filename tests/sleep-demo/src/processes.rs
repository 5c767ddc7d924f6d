//! What Linux tells about a server's processes, in `/proc`.

use std::collections::HashMap;
use std::fs;

use kit::process::number_in;

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
    // A zombie has no memory. It is no process that could do anything.
    let all = number_in(&format!("/proc/{pid}/status"), "VmRSS:")?;
    let share = number_in(&format!("/proc/{pid}/smaps_rollup"), "Pss:");
    // Another user's process may hide it. Then what is shared counts in full.
    let memory = share.unwrap_or(all);
    let mut children = Vec::new();
    let mut threads = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let folder = task.path();
        match fs::read_to_string(folder.join("children")) {
            Ok(text) => children.extend(numbers(&text)),
            // A thread may end at any moment, too. If it lives, this kernel has no such list.
            Err(_) if folder.is_dir() => return None,
            Err(_) => continue,
        }
        let switches = switches(&folder.join("status").display().to_string());
        let thread = task.file_name().to_str().and_then(|id| id.parse().ok());
        if let (Some(thread), Some(switches)) = (thread, switches) {
            threads += 1;
            sight.switches.insert(thread, switches);
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

/// How often a thread was switched: those it asked for by waiting, and those it did not.
fn switches(status: &str) -> Option<u64> {
    let count = |name| number_in(status, name);
    Some(count("voluntary_ctxt_switches:")? + count("nonvoluntary_ctxt_switches:")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::patience::until;
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
        until("two processes", || {
            look_at(shell.id()).unwrap().processes == 2
        });
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert_eq!(look_at(shell.id()), None);
    }
}
