//! Looks at a server's processes again and again while it works.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::plan::Load;
use crate::processes::{Sight, look_at};

/// What a server needed while it worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The most processes at one moment.
    pub processes: usize,
    /// The most threads at one moment, in all processes.
    pub threads: usize,
    /// The most memory that all processes together had at one moment. What they share counts
    /// once.
    pub peak_memory_kib: u64,
    /// Context switches since the requests were sent, wanted and unwanted ones. Those of a thread
    /// after the last look at it are missed.
    pub context_switches: u64,
}

/// A thread that looks.
pub struct Observer {
    stop: Sender<()>,
    thread: JoinHandle<Option<Observed>>,
}

impl Observer {
    /// Begins to look at a process and its descendants. Ten times during a sleep is enough to see
    /// every worker, and too little to be in the way.
    pub fn watch(root: u32, load: &Load) -> Observer {
        let pause = Duration::from_millis((load.sleep_ms / 10).clamp(5, 50));
        let (stop, stopped) = mpsc::channel();
        // What was before the requests does not count.
        let mut notes = look_at(root).map(Notes::begin);
        let thread = thread::spawn(move || {
            let notes = notes.as_mut()?;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                look_at(root).inspect(|sight| notes.add(sight));
            }
            look_at(root).inspect(|sight| notes.add(sight));
            Some(notes.observed())
        });
        Observer { stop, thread }
    }

    /// Looks once more, and tells. `None` if there was nothing to be seen.
    pub fn stop(self) -> Option<Observed> {
        // It listens as long as it lives.
        let _ = self.stop.send(());
        self.thread.join().ok().flatten()
    }
}

struct Notes {
    most: Sight,
    /// Switches of each thread before the first request.
    before: HashMap<u32, u64>,
    /// Switches of each thread, as last seen: those of ended threads stay.
    last: HashMap<u32, u64>,
}

impl Notes {
    fn begin(sight: Sight) -> Notes {
        Notes {
            before: sight.switches.clone(),
            last: sight.switches.clone(),
            most: sight,
        }
    }

    fn add(&mut self, sight: &Sight) {
        self.most.processes = self.most.processes.max(sight.processes);
        self.most.threads = self.most.threads.max(sight.threads);
        self.most.memory_kib = self.most.memory_kib.max(sight.memory_kib);
        self.last.extend(&sight.switches);
    }

    fn observed(&self) -> Observed {
        let before: u64 = self.before.values().sum();
        let last: u64 = self.last.values().sum();
        Observed {
            processes: self.most.processes,
            threads: self.most.threads,
            peak_memory_kib: self.most.memory_kib,
            context_switches: last.saturating_sub(before),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(processes: usize, memory_kib: u64, switches: &[(u32, u64)]) -> Sight {
        Sight {
            processes,
            threads: processes,
            memory_kib,
            switches: switches.iter().copied().collect(),
        }
    }

    #[test]
    fn peaks_are_kept_and_switches_of_ended_threads_stay_counted() {
        let mut notes = Notes::begin(sight(1, 1000, &[(1, 50)]));
        notes.add(&sight(3, 2500, &[(1, 52), (2, 3), (3, 4)]));
        notes.add(&sight(1, 1100, &[(1, 55)]));
        let observed = notes.observed();
        assert_eq!((observed.processes, observed.peak_memory_kib), (3, 2500));
        assert_eq!(observed.context_switches, 5 + 3 + 4);
    }
}
