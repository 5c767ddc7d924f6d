//! What Linux tells about running processes, in `/proc`. Each may end at any moment, so whatever
//! cannot be read is `None`, or missing from a list.

use std::fs;

/// The numbers of all processes.
pub fn ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Every living process of a process group.
pub fn of_group(group: u32) -> Vec<u32> {
    let is_member =
        |id: &u32| Stat::of(*id).is_some_and(|stat| stat.group == group && stat.lives());
    ids().filter(is_member).collect()
}

/// Those that this process has started and not waited for.
pub fn children(id: u32) -> impl Iterator<Item = u32> {
    ids().filter(move |&child| Stat::of(child).is_some_and(|stat| stat.parent == id))
}

/// Every process below this one, dead ones that nobody has waited for left out.
pub fn below(id: u32) -> Vec<u32> {
    let parent = |id: u32| Some(Stat::of(id).filter(Stat::lives)?.parent);
    let is_below = |&below: &u32| {
        std::iter::successors(parent(below), |&id| parent(id)).any(|ancestor| ancestor == id)
    };
    ids().filter(is_below).collect()
}

/// What `/proc/ID/stat` says, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// `R` runs, `S` sleeps, `Z` has ended and was not waited for.
    pub state: char,
    /// The number of the parent.
    pub parent: u32,
    /// The process group.
    pub group: u32,
    /// User and system time that it has used itself, in ticks of the kernel's clock.
    pub ticks: u64,
    /// The same of the children that it has waited for.
    pub ticks_of_children: u64,
}

impl Stat {
    /// Of this process.
    pub fn of(id: u32) -> Option<Stat> {
        Stat::parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// Whether it has not ended.
    pub fn lives(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }

    /// The name in parentheses may hold anything, so the count starts after the last `)`.
    fn parse(text: &str) -> Option<Stat> {
        let (_, rest) = text.rsplit_once(')')?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let number = |index: usize| words.get(index)?.parse::<u64>().ok();
        Some(Stat {
            state: words.first()?.chars().next()?,
            parent: u32::try_from(number(1)?).ok()?,
            group: u32::try_from(number(2)?).ok()?,
            ticks: number(11)? + number(12)?,
            ticks_of_children: number(13)? + number(14)?,
        })
    }
}

/// A number in `/proc/ID/status`, or in a file like it: `number_in(…, "VmRSS:")`.
pub fn number_in(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

/// A column of a row of `/proc/ID/limits`: `limit(id, "Max open files", 1)` is the hard one.
pub fn limit(id: u32, name: &str, column: usize) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/limits")).ok()?;
    let row = text.lines().find_map(|line| line.strip_prefix(name))?;
    row.split_whitespace().nth(column)?.parse().ok()
}

/// The numbers of its open descriptors.
pub fn descriptors(id: u32) -> Vec<u64> {
    let entries = fs::read_dir(format!("/proc/{id}/fd")).into_iter();
    let names = entries.flatten().flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.to_str()?.parse().ok())
        .collect()
}

/// Whether it has one of these sockets open, as [`listeners`] names them.
pub fn holds_one(id: u32, sockets: &[String]) -> bool {
    let entries = fs::read_dir(format!("/proc/{id}/fd")).into_iter();
    let links = entries
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok());
    let mut names = links.map(|link| link.display().to_string());
    names.any(|name| sockets.contains(&name))
}

/// The sockets that listen on a port, as links in `/proc/ID/fd` name them: `socket:[4711]`.
pub fn listeners(port: u16) -> Vec<String> {
    // A system without IPv6 has no such table.
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listeners_in(&table, port))
        .collect()
}

/// `  0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 4711 …`
fn listeners_in(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let port = format!(":{port:04X}");
    let lines = table.lines().map(|line| line.split_whitespace().collect());
    lines
        .filter_map(|words: Vec<&str>| {
            let here = words.get(1)?.ends_with(&port) && words.get(3) == Some(&LISTEN);
            here.then_some(format!("socket:[{}]", words.get(9)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_process_name_with_spaces_and_parentheses_does_not_confuse() {
        let stat = Stat::parse("7 (a) b) S 1 42 42 0 -1 0 0 0 0 0 3 4 50 60 20 0 1 0 0").unwrap();
        assert_eq!((stat.state, stat.parent, stat.group), ('S', 1, 42));
        assert_eq!((stat.ticks, stat.ticks_of_children), (7, 110));
    }

    #[test]
    fn we_are_below_our_parent_and_have_descriptors_memory_and_limits() {
        let own = std::process::id();
        let stat = Stat::of(own).unwrap();
        assert!(stat.lives() && below(stat.parent).contains(&own));
        assert!(of_group(stat.group).contains(&own));
        assert!(descriptors(own).len() >= 3);
        assert!(number_in("/proc/self/status", "VmRSS:").unwrap() > 100);
        let (soft, hard) = (0, 1);
        let limit = |column| limit(own, "Max open files", column).unwrap();
        assert!(limit(soft) <= limit(hard));
    }

    #[test]
    fn a_listener_is_found_by_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(holds_one(std::process::id(), &listeners(port)));
        drop(listener);
        assert!(listeners(port).is_empty());
    }

    #[test]
    fn connections_of_a_port_are_not_listeners() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n   \
             1: 0100007F:22B8 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n   \
             2: 0100007F:22B9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0\n";
        assert_eq!(listeners_in(table, 8888), ["socket:[111]"]);
    }
}
