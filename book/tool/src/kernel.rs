//! What a quiet connection costs in the kernel, where no process is charged for it.
//!
//! The kernel keeps its objects in caches, each for one kind, and counts them in `/proc/slabinfo`.
//! So we open many connections and look which kinds have as many objects more as there are sockets
//! more, at least. What else was allocated meanwhile, on a machine with other things to do, is of
//! other kinds.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use kit::stamp::Stamp;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KernelSocket {
    /// Where.
    pub stamp: Stamp,
    /// So many connections were opened; each has two ends.
    pub connections: usize,
    /// Bytes for an end that `epoll` watches.
    pub bytes: u64,
    /// The caches of which each socket has one object, and the bytes of one. Kinds of the same
    /// size may share a cache, which then has the name of one of them.
    pub objects: Vec<(String, u64)>,
}

/// Enough that what others do meanwhile is little beside it.
const CONNECTIONS: usize = 5000;

/// Opens connections, counts, and closes them.
pub fn measure(stamp: Stamp) -> Result<KernelSocket, String> {
    let counted =
        || caches().map_err(|error| format!("/proc/slabinfo (root may read it): {error}"));
    let before = counted()?;
    let open = connections().map_err(|error| format!("connections: {error}"))?;
    let after = counted()?;
    let sockets = open.sockets.len() as u64;
    let objects = objects_of_each(&before, &after, sockets);
    if objects.is_empty() {
        return Err("no kind of object has become as many more as there are sockets".to_owned());
    }
    Ok(KernelSocket {
        stamp,
        connections: CONNECTIONS,
        bytes: objects.iter().map(|(_, bytes)| bytes).sum(),
        objects,
    })
}

/// Both ends of some connections, each watched.
struct Open {
    sockets: Vec<TcpStream>,
    _watch: std::os::fd::OwnedFd,
}

fn connections() -> io::Result<Open> {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum;
    setrlimit(Resource::Nofile, Rlimit { current, ..limit })?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let watch = epoll::create(CreateFlags::CLOEXEC)?;
    let mut sockets = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = TcpStream::connect(address)?;
        for socket in [client, listener.accept()?.0] {
            let data = EventData::new_u64(sockets.len() as u64);
            epoll::add(&watch, &socket, data, EventFlags::IN)?;
            sockets.push(socket);
        }
    }
    Ok(Open {
        sockets,
        _watch: watch,
    })
}

/// A kind of object: how many there are, and the bytes of one.
type Caches = HashMap<String, (u64, u64)>;

fn caches() -> io::Result<Caches> {
    Ok(parsed(&fs::read_to_string("/proc/slabinfo")?))
}

fn parsed(text: &str) -> Caches {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let (active, _all, bytes) = (words.next()?, words.next()?, words.next()?);
        Some((name, (active.parse().ok()?, bytes.parse().ok()?)))
    };
    text.lines().filter_map(line).collect()
}

/// The kinds of which each socket has one, largest first.
fn objects_of_each(before: &Caches, after: &Caches, sockets: u64) -> Vec<(String, u64)> {
    let mut objects: Vec<(String, u64)> = after
        .iter()
        .filter(|(name, (active, _))| {
            let earlier = before.get(*name).map_or(0, |(active, _)| *active);
            // Some lay ready in a processor's own store, and were counted as active before.
            active.saturating_sub(earlier) >= sockets * 8 / 10
        })
        .map(|(name, (_, bytes))| (name.clone(), *bytes))
        .collect();
    objects.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    objects
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kinds_that_grow_with_the_sockets_are_counted() {
        let before = parsed(
            "slabinfo - version: 2.1\n# name <active_objs> <num_objs> <objsize>\n\
             TCP 10 20 2368 13 8 : tunables\nfilp 100 200 192\nbuffer_head 5 5 104\n",
        );
        let after = parsed("TCP 210 300 2368\nfilp 290 300 192\nbuffer_head 60 60 104\n");
        let objects = objects_of_each(&before, &after, 200);
        assert_eq!(
            objects,
            [("TCP".to_owned(), 2368), ("filp".to_owned(), 192)]
        );
    }
}
