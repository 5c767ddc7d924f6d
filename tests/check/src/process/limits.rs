//! Limits that a process has taken upon itself.

use std::fs;

use super::{Processes, Stat};

impl Processes {
    /// Whether one of them, or of their children, may use so many seconds of a processor and no more.
    pub(crate) fn may_compute_for(&self, seconds: u64) -> bool {
        let Ok(folder) = fs::read_dir("/proc") else {
            return false;
        };
        let ids = folder
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let is_theirs = |id: &u32| {
            let parent = Stat::of(*id).map(|stat| stat.parent);
            self.0.contains(id) || parent.is_some_and(|parent| self.0.contains(&parent))
        };
        ids.filter(is_theirs).any(|id| limit(id) == Some(seconds))
    }
}

/// `Max cpu time             1                    1                    seconds`
fn limit(id: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{id}/limits")).ok()?;
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max cpu time"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_a_process_has_taken_is_seen() {
        let mut shell = std::process::Command::new("sh")
            .args(["-c", "ulimit -t 7; exec sleep 60"])
            .spawn()
            .unwrap();
        let own = Processes::one(std::process::id());
        let start = std::time::Instant::now();
        while !own.may_compute_for(7) && start.elapsed() < crate::client::GUARD {
            std::thread::yield_now();
        }
        assert!(own.may_compute_for(7) && !own.may_compute_for(8));
        let _ = shell.kill();
        let _ = shell.wait();
    }
}
