//! Probes for servers that speak WebSocket, and send back what they are sent.
//!
//! They are not in the matrix: they ask one path of a server, and nothing else.

mod exercises;
mod faults;
mod handshakes;
mod messages;
pub mod promises;
mod row;
mod speaker;

use crate::probe::Probe;
use crate::probes::group::Group;

pub(crate) use exercises::{adds_up, counts_the_sockets, speaks_to_sockets};

/// What a server that speaks WebSocket is asked.
pub static GROUP: Group = Group {
    name: "websocket",
    title: "WebSocket",
    probes: &PROBES,
};

/// In the order in which mends build on each other.
static PROBES: [Probe; COUNT] = joined();

const PARTS: [&[Probe]; 3] = [handshakes::PROBES, messages::PROBES, faults::PROBES];
const COUNT: usize = PARTS[0].len() + PARTS[1].len() + PARTS[2].len();

const fn joined() -> [Probe; COUNT] {
    let mut all = [PARTS[0][0]; COUNT];
    let (mut part, mut at) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].len() {
            all[at] = PARTS[part][row];
            row += 1;
            at += 1;
        }
        part += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_probe_has_a_name_of_its_own_and_says_what_it_asks_and_where_that_is_written() {
        let mut names = HashSet::new();
        for probe in GROUP.probes {
            assert!(names.insert(probe.name), "{} twice", probe.name);
            assert!(probe.name.starts_with("ws-") && probe.asks.ends_with('.'));
            let stands =
                probe.section.starts_with("RFC ") || probe.section.starts_with("The third");
            assert!(stands, "{}", probe.name);
        }
    }
}
