//! Who runs on which core: a server and whoever measures it must not be in each other's way.

use std::io;
use std::thread;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores that this thread may use, in their order.
pub fn ours() -> Vec<usize> {
    // Whoever is not told of any cores has one, and does not know which.
    let Ok(allowed) = sched_getaffinity(None) else {
        return Vec::new();
    };
    let cores = 0..CpuSet::MAX_CPU;
    cores.filter(|&core| allowed.is_set(core)).collect()
}

/// The cores for a server and the one for its client. `None`: there is only one, and they share it.
pub fn two_cores() -> Option<(usize, usize)> {
    match ours()[..] {
        [server, client, ..] => Some((server, client)),
        _ => None,
    }
}

/// All cores but the last for servers, and the last for their client. The lists are empty where
/// there is only one core: then everybody runs where the kernel likes.
pub fn apart() -> (Vec<usize>, Vec<usize>) {
    let mut servers = ours();
    match servers.pop() {
        Some(client) if !servers.is_empty() => (servers, vec![client]),
        _ => (Vec::new(), Vec::new()),
    }
}

/// Does some work on a thread that stays on one core, as will all processes that it starts.
/// Without a core it runs where the kernel likes.
pub fn on_core<T: Send>(core: Option<usize>, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    on_cores(core.as_slice(), work)
}

/// The same on any of these cores.
pub fn on_cores<T: Send>(cores: &[usize], work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let staying = || {
        if !cores.is_empty() {
            let mut set = CpuSet::new();
            cores.iter().for_each(|&core| set.set(core));
            sched_setaffinity(None, &set)?;
        }
        Ok(work())
    };
    thread::scope(|scope| match scope.spawn(staying).join() {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_is_started_on_a_core_stays_there() {
        let Some((_, second)) = two_cores() else {
            return; // One core: there is nowhere else to be.
        };
        let cat = || Command::new("cat").arg("/proc/self/status").output();
        let output = on_core(Some(second), cat).unwrap().unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        let line = format!("Cpus_allowed_list:\t{second}\n");
        assert!(status.contains(&line), "{status}");
    }

    #[test]
    fn servers_and_their_client_share_no_core_and_leave_none_out() {
        let (mut servers, client) = apart();
        assert!(client.iter().all(|core| !servers.contains(core)));
        servers.extend(&client);
        assert!(servers.is_empty() || servers == ours());
    }
}
