//! Limits that a process has taken upon itself.

use kit::process::{self, Stat};

use super::Processes;

impl Processes {
    /// Whether one of them, or of their children, may use so many seconds of a processor and no more.
    pub(crate) fn may_compute_for(&self, seconds: u64) -> bool {
        let is_theirs = |id: &u32| {
            let parent = Stat::of(*id).map(|stat| stat.parent);
            self.0.contains(id) || parent.is_some_and(|parent| self.0.contains(&parent))
        };
        let is_limited = |id| process::limit(id, "Max cpu time", 0) == Some(seconds);
        process::ids().filter(is_theirs).any(is_limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::patience::until;

    #[test]
    fn a_limit_that_a_process_has_taken_is_seen() {
        let mut shell = std::process::Command::new("sh")
            .args(["-c", "ulimit -t 7; exec sleep 60"])
            .spawn()
            .unwrap();
        let own = Processes::one(std::process::id());
        until("the limit", || own.may_compute_for(7));
        assert!(!own.may_compute_for(8));
        let _ = shell.kill();
        let _ = shell.wait();
    }
}
