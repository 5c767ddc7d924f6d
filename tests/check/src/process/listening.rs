//! Which process of several is the server: the one that listens, and not who has that from it.

use std::fs;

use super::{Processes, Stat};

impl Processes {
    /// Those that listen on this port, without the ones whose parent does: a server may have made
    /// workers that share its listener, and a shell may have started it.
    pub fn listening_on(&self, port: u16) -> Processes {
        let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok())
            .flat_map(|text| listeners(&text, port))
            .collect();
        let listening = |&id: &u32| holds(id, &sockets);
        let all: Vec<u32> = self.0.iter().copied().filter(listening).collect();
        let has_it_from_another =
            |&id: &u32| Stat::of(id).is_some_and(|stat| all.contains(&stat.parent));
        let first = all.iter().copied().filter(|id| !has_it_from_another(id));
        Processes(first.collect())
    }
}

/// The sockets that listen on a port, as links in `/proc/ID/fd` name them.
fn listeners(table: &str, port: u16) -> Vec<String> {
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

fn holds(id: u32, sockets: &[String]) -> bool {
    let Ok(folder) = fs::read_dir(format!("/proc/{id}/fd")) else {
        return false;
    };
    let links = folder.flatten().map(|entry| fs::read_link(entry.path()));
    let mut names = links.flatten().map(|link| link.display().to_string());
    names.any(|name| sockets.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_listener_is_found_by_its_port() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = Processes::one(std::process::id());
        assert_eq!(own.listening_on(port), own);
    }

    #[test]
    fn connections_of_a_port_are_not_listeners() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n   \
             1: 0100007F:22B8 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n   \
             2: 0100007F:22B9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1 0\n";
        assert_eq!(listeners(table, 8888), ["socket:[111]"]);
    }
}
