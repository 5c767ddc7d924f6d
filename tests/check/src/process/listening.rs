//! Which process of several is the server: the one that listens, and not who has that from it.

use kit::process::{self, Stat};

use super::Processes;

impl Processes {
    /// Those that listen on this port, without the ones whose parent does: a server may have made
    /// workers that share its listener, and a shell may have started it.
    pub fn listening_on(&self, port: u16) -> Processes {
        let sockets = process::listeners(port);
        let listening = |&id: &u32| process::holds_one(id, &sockets);
        let all: Vec<u32> = self.0.iter().copied().filter(listening).collect();
        let has_it_from_another =
            |&id: &u32| Stat::of(id).is_some_and(|stat| all.contains(&stat.parent));
        let first = all.iter().copied().filter(|id| !has_it_from_another(id));
        Processes(first.collect())
    }
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
}
