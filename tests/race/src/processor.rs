//! Processor time: who has spent how much, and on which core.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A server's processes: those that hold its listening socket, and all their descendants.
#[derive(Clone, Debug)]
pub struct Tree {
    roots: Vec<u32>,
}

impl Tree {
    /// The tree of whoever listens on this port. `None`: nobody does, or we may not know who.
    pub fn listening_on(address: SocketAddr) -> Option<Tree> {
        let sockets = listening_sockets(address.port());
        let holds_one = |id: u32| {
            let Ok(folder) = fs::read_dir(format!("/proc/{id}/fd")) else {
                return false;
            };
            let mut links = folder
                .flatten()
                .filter_map(|entry| fs::read_link(entry.path()).ok());
            links.any(|link| link.to_str().is_some_and(|link| sockets.contains(link)))
        };
        let roots: Vec<u32> = process_ids().filter(|&id| holds_one(id)).collect();
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
        let living: HashMap<u32, Stat> = process_ids()
            .filter_map(|id| Some((id, Stat::of(id)?)))
            .collect();
        let belongs = |id: u32| {
            let mut ancestors = std::iter::successors(Some(id), |id| Some(living.get(id)?.parent));
            ancestors.any(|ancestor| self.roots.contains(&ancestor))
        };
        let members = living.iter().filter(|&(&id, _)| belongs(id));
        let ticks: u64 = members.map(|(_, stat)| stat.ticks).sum();
        of_ticks(ticks)
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

fn process_ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The links in `/proc/ID/fd` that lead to sockets listening on a port: `socket:[4711]`.
fn listening_sockets(port: u16) -> HashSet<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let texts = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok());
    let mut found = HashSet::new();
    for text in texts {
        let sockets = text.lines().filter_map(|line| listening_socket(line, port));
        found.extend(sockets.map(|inode| format!("socket:[{inode}]")));
    }
    found
}

/// The inode in a line of `/proc/net/tcp`, if that socket listens on the port:
/// `  0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 …`.
fn listening_socket(line: &str, port: u16) -> Option<&str> {
    const LISTEN: &str = "0A";
    let words: Vec<&str> = line.split_whitespace().collect();
    let (_, number) = words.get(1)?.rsplit_once(':')?;
    let ours = u16::from_str_radix(number, 16).ok()? == port && *words.get(3)? == LISTEN;
    words.get(9).copied().filter(|_| ours)
}

/// What `/proc/ID/stat` says, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// User and system time of its own and of reaped children.
    ticks: u64,
}

impl Stat {
    fn of(id: u32) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// The name in parentheses may hold anything, so the count starts after the last `)`.
    fn parse(text: &str) -> Option<Stat> {
        let (_, rest) = text.rsplit_once(')')?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let times = words.get(11..15)?.iter().map(|word| word.parse::<u64>());
        Some(Stat {
            parent: words.get(1)?.parse().ok()?,
            ticks: times.sum::<Result<_, _>>().ok()?,
        })
    }
}

/// The cores for the server and for the client. `None`: there is only one, and they share it.
pub fn two_cores() -> Option<(usize, usize)> {
    let allowed = sched_getaffinity(None).ok()?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
    Some((cores.next()?, cores.next()?))
}

/// Does some work on a thread that stays on one core, as will all processes that it starts.
/// Without a core it runs where the kernel likes.
pub fn on_core<T: Send>(core: Option<usize>, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    let staying = || {
        if let Some(core) = core {
            let mut cores = CpuSet::new();
            cores.set(core);
            sched_setaffinity(None, &cores)?;
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
    fn a_server_is_found_by_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tree = Tree::listening_on(address).unwrap();
        assert!(tree.roots.contains(&std::process::id()));
        drop(listener);
        assert!(Tree::listening_on(address).is_none());
    }

    #[test]
    fn a_process_name_with_spaces_and_parentheses_does_not_confuse() {
        let stat = Stat::parse("7 (a) b) S 1 42 42 0 -1 0 0 0 0 0 3 4 50 60 20 0 1 0 0");
        let expected = Stat {
            parent: 1,
            ticks: 117,
        };
        assert_eq!(stat, Some(expected));
    }

    #[test]
    fn a_core_is_busy_when_it_is_neither_idle_nor_waiting_for_a_disk() {
        let line = "cpu1 1 2 3 1000 2000 6 7 8 0 0";
        assert_eq!(busy_ticks(line, &[0, 1]), Some(27));
        assert_eq!(busy_ticks(line, &[0]), None);
        assert_eq!(busy_ticks("cpu  1 2 3 1000 2000 6 7 8 0 0", &[0, 1]), None);
        assert_eq!(busy_ticks("intr 1 2 3", &[0, 1]), None);
    }

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
}
