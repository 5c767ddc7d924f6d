//! Processor time: who has spent how much.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use kit::cores::two_cores;
use kit::process::{self, Stat};
use rustix::param::clock_ticks_per_second;

/// A server's processes: those that hold its listening socket, and all their descendants.
#[derive(Clone, Debug)]
pub struct Tree {
    roots: Vec<u32>,
}

impl Tree {
    /// The tree of whoever listens on this port. `None`: nobody does, or we may not know who.
    pub fn listening_on(address: SocketAddr) -> Option<Tree> {
        let sockets = process::listeners(address.port());
        let holds_one = |&id: &u32| process::holds_one(id, &sockets);
        let roots: Vec<u32> = process::ids().filter(holds_one).collect();
        (!roots.is_empty()).then_some(Tree { roots })
    }

    /// The tree below one process.
    pub fn below(id: u32) -> Tree {
        Tree { roots: vec![id] }
    }

    /// This process and all that it has started, together with another tree.
    pub fn ours_and(other: Option<&Tree>) -> Tree {
        let mut roots = other.map_or(Vec::new(), |tree| tree.roots.clone());
        roots.push(std::process::id());
        Tree { roots }
    }

    /// User and system time of all that live, and of all whom they have reaped.
    ///
    /// The kernel counts in nanoseconds and tells in ticks, mostly of 10 ms: what is measured
    /// with this must last for seconds. The time of a child that nobody waits for, because its
    /// parent ignores SIGCHLD, is lost to everybody, here too.
    pub fn spent(&self) -> Duration {
        let members = self.members().into_iter();
        let ticks = members.map(|(_, stat)| stat.ticks + stat.ticks_of_children);
        of_ticks(ticks.sum())
    }

    /// Bytes of memory that belong to nobody else: anonymous pages, those that processes share
    /// divided among them.
    pub fn memory(&self) -> u64 {
        let kibibytes = |id| process::number_in(&format!("/proc/{id}/smaps_rollup"), "Pss_Anon:");
        let members = self.members().into_iter();
        members.filter_map(|(id, _)| kibibytes(id)).sum::<u64>() * 1024
    }

    fn members(&self) -> Vec<(u32, Stat)> {
        let living: HashMap<u32, Stat> = process::ids()
            .filter_map(|id| Some((id, Stat::of(id)?)))
            .collect();
        let belongs = |id: u32| {
            let mut ancestors = std::iter::successors(Some(id), |id| Some(living.get(id)?.parent));
            ancestors.any(|ancestor| self.roots.contains(&ancestor))
        };
        let members = living.iter().filter(|&(&id, _)| belongs(id));
        members.map(|(&id, &stat)| (id, stat)).collect()
    }

    /// The same once the tree has come to rest: the last children reaped, the last log written.
    /// A server that never rests is read as it is.
    pub fn spent_at_rest(&self) -> Duration {
        const REST: Duration = Duration::from_millis(25);
        let mut before = self.spent();
        for _ in 0..40 {
            thread::sleep(REST);
            let now = self.spent();
            if now == before {
                break;
            }
            before = now;
        }
        before
    }
}

fn of_ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / clock_ticks_per_second().max(1))
}

/// How long the cores that we may use have been busy, whoever kept them so: other machines on the
/// same metal (`steal`) too.
pub fn busy() -> Duration {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let cores = two_cores().map_or(vec![], |(server, client)| vec![server, client]);
    let ticks = text.lines().filter_map(|line| busy_ticks(line, &cores));
    of_ticks(ticks.sum())
}

/// The busy ticks in a line of `/proc/stat`, if it is about one of these cores:
/// `cpu1 user nice system idle iowait irq softirq steal guest guest_nice`.
fn busy_ticks(line: &str, cores: &[usize]) -> Option<u64> {
    let (name, rest) = line.split_once(' ')?;
    let core: usize = name.strip_prefix("cpu")?.parse().ok()?;
    let ticks: Vec<u64> = rest
        .split(' ')
        .map_while(|word| word.parse().ok())
        .collect();
    let all: u64 = ticks.get(..8)?.iter().sum();
    cores.contains(&core).then_some(all - ticks[3] - ticks[4])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::process::{Command, Stdio};

    /// A shell that burns time itself, in children that it reaps, and in one that stays. The
    /// shell's own `times` tells what the first two have spent.
    const BURN: &str = "
        burn() { i=0; while [ $i -lt $1 ]; do i=$((i+1)); done; }
        burn 100000
        (burn 150000; (burn 50000))
        { burn 1; echo; read -r _; } <&0 &
        times
        read -r _";

    #[test]
    fn the_time_of_a_tree_is_its_own_and_that_of_the_children_it_reaped() {
        let mut shell = Command::new("sh")
            .args(["-c", BURN])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(shell.stdout.take().unwrap());
        let lines: Vec<String> = output.lines().take(3).map(Result::unwrap).collect();
        let told: f64 = lines
            .iter()
            .flat_map(|line| line.split_whitespace())
            .map(seconds)
            .sum();
        let seen = Tree::below(shell.id()).spent_at_rest().as_secs_f64();
        drop(shell.stdin.take());
        shell.wait().unwrap();
        // Two numbers for the shell and two for its children, each cut off at a tick; what the
        // living child has spent is not in `times`.
        assert!(told > 0.0 && (seen - told).abs() < 0.06, "{seen} {lines:?}");
    }

    /// `0m1.230000s`, as POSIX has it.
    fn seconds(word: &str) -> f64 {
        let (minutes, rest) = word.split_once('m').unwrap();
        let seconds: f64 = rest.trim_end_matches('s').parse().unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds
    }

    #[test]
    fn memory_that_is_written_to_belongs_to_its_process() {
        let own = Tree::below(std::process::id());
        let before = own.memory();
        let much = vec![1_u8; 64 * 1024 * 1024];
        let with_it = own.memory();
        assert!(
            with_it >= before + much.len() as u64 / 2,
            "{before} {with_it}"
        );
    }

    #[test]
    fn a_server_is_found_by_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tree = Tree::listening_on(address).unwrap();
        assert!(tree.roots.contains(&std::process::id()));
        drop(listener);
        assert!(Tree::listening_on(address).is_none());
    }

    #[test]
    fn a_core_is_busy_when_it_is_neither_idle_nor_waiting_for_a_disk() {
        let line = "cpu1 1 2 3 1000 2000 6 7 8 0 0";
        assert_eq!(busy_ticks(line, &[0, 1]), Some(27));
        assert_eq!(busy_ticks(line, &[0]), None);
        assert_eq!(busy_ticks("cpu  1 2 3 1000 2000 6 7 8 0 0", &[0, 1]), None);
        assert_eq!(busy_ticks("intr 1 2 3", &[0, 1]), None);
    }
}
