//! Every probe, in the groups in which the matrix shows them.

mod answers;
mod application;
mod bodies;
mod chunks;
mod crowds;
mod deadlines;
mod framing;
mod garbage;
pub(crate) mod group;
mod heads;
mod imf_fixdate;
mod leaks;
mod limits;
mod patience;
mod persistence;
mod process;
mod reuse;
mod stopping;
mod unusual;
mod visitors;

use crate::probe::Probe;

pub use group::Group;
#[cfg(test)]
pub(crate) use patience::OURS;

/// Every probe there is.
pub const GROUPS: &[Group] = &[
    visitors::GROUP,
    patience::GROUP,
    answers::GROUP,
    unusual::GROUP,
    heads::GROUP,
    limits::GROUP,
    framing::GROUP,
    bodies::GROUP,
    application::GROUP,
    persistence::GROUP,
    reuse::GROUP,
    chunks::GROUP,
    crowds::GROUP,
    process::GROUP,
    leaks::GROUP,
    stopping::GROUP,
    garbage::GROUP,
];

/// Every probe there is, in order.
pub fn all() -> impl Iterator<Item = &'static Probe> {
    GROUPS.iter().flat_map(|group| group.probes)
}

/// The probe with this name.
pub fn find(name: &str) -> Option<&'static Probe> {
    all().find(|probe| probe.name == name)
}

/// The group of a probe, by the probe's name.
pub fn group_of(name: &str) -> &'static Group {
    let is_socket = |probe: &Probe| probe.name == name;
    if crate::websocket::GROUP.probes.iter().any(is_socket) {
        return &crate::websocket::GROUP;
    }
    let has = |group: &&Group| group.probes.iter().any(|probe| probe.name == name);
    // Every probe is in a group: that is where `all` takes them from.
    GROUPS.iter().find(has).unwrap_or(&GROUPS[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_group_has_a_name_that_is_no_probe_and_every_probe_has_one_group() {
        for group in GROUPS {
            assert!(find(group.name).is_none(), "{}", group.name);
            let same = GROUPS.iter().filter(|other| other.name == group.name);
            assert_eq!(same.count(), 1, "{}", group.name);
        }
        assert_eq!(group_of("date").name, "answers");
    }

    #[test]
    fn no_probe_for_websocket_has_a_name_of_the_matrix() {
        for probe in crate::websocket::GROUP.probes {
            assert!(find(probe.name).is_none(), "{}", probe.name);
        }
    }

    #[test]
    fn every_probe_has_a_name_of_its_own_and_says_what_it_asks_and_where_that_is_written() {
        let mut names = HashSet::new();
        for probe in all() {
            assert!(names.insert(probe.name), "{} twice", probe.name);
            assert!(
                !probe.title.is_empty() && probe.asks.ends_with('.') && !probe.section.is_empty(),
                "{}",
                probe.name
            );
            assert!(probe.question.ends_with('?'), "{}", probe.name);
        }
    }

    #[test]
    fn where_it_is_written_is_a_place_that_a_reader_can_look_up_or_the_course_itself() {
        let manual = |section: &str| section.contains("(2)");
        for probe in all() {
            let section = probe.section;
            assert!(
                section.starts_with("RFC ")
                    || section.starts_with("PEP 3333")
                    || manual(section)
                    || section == "The third part of a server, the waiting"
                    || section == OURS,
                "{}: {section}",
                probe.name
            );
        }
    }

    #[test]
    fn what_only_this_course_asks_is_told_apart_from_what_the_standard_says_about_it() {
        let ours = || all().filter(|probe| probe.section == OURS);
        assert!(ours().count() > 0);
        for probe in ours() {
            assert!(probe.asks.contains("; RFC "), "{}", probe.name);
        }
    }
}
