//! What to do about a red probe, in the order in which mends build on each other.
//!
//! Whoever writes a server sees twenty failures at first and mends one thing at a time. The order
//! is the one in which each mend makes the next possible: bytes before heads, heads before bodies,
//! one client before many.

mod order;
mod step;

pub use order::MENDS;
pub use step::Mend;

use crate::probe::Probe;

/// How to mend what a probe finds.
pub fn of(probe: &Probe) -> Option<&'static Mend> {
    MENDS.iter().find(|mend| mend.probes.contains(&probe.name))
}

/// When a probe's turn is: the smaller, the earlier.
pub fn place(probe: &Probe) -> usize {
    let names = MENDS.iter().flat_map(|mend| mend.probes);
    let place = names.into_iter().position(|name| *name == probe.name);
    place.unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probes;

    #[test]
    fn every_probe_has_its_turn_and_only_one() {
        for probe in probes::all() {
            let names = MENDS.iter().flat_map(|mend| mend.probes);
            let times = names.filter(|name| **name == probe.name).count();
            assert_eq!(times, 1, "{}", probe.name);
        }
        for name in MENDS.iter().flat_map(|mend| mend.probes) {
            assert!(probes::find(name).is_some(), "no probe {name}");
        }
    }

    #[test]
    fn a_mend_is_a_sentence_and_a_first_server_hears_first_things_first() {
        for mend in MENDS {
            assert!(mend.how.ends_with('.'), "{}", mend.how);
        }
        let order = [
            "hello",
            "close-said",
            "reset-after-half-head",
            "head-in-two-writes",
            "silent-client",
            "no-host",
            "lengths-differ",
            "unread-body",
            "keep-alive",
            "chunked",
        ];
        let places = order.map(|name| place(probes::find(name).unwrap()));
        assert!(places.is_sorted(), "{places:?}");
    }
}
