//! What this course asks of a server and no standard does: in one place, each with its reason.
//!
//! A server that disagrees with us here is not wrong. What these probes find is shown, and counts
//! only with `--strict`. A crash counts in any case, and so does a server that one client can stop
//! for ever, unless the list says that it does not.

use crate::probe::Probe;

/// An opinion of ours.
pub struct Opinion {
    /// The probes that ask for it.
    pub probes: &'static [&'static str],
    /// Why we ask for it.
    pub reason: &'static str,
    /// Whether a server that is stopped for as long as its clients like is still a matter of taste.
    pub even_if_it_stalls: bool,
}

/// Every opinion of ours.
pub const OPINIONS: &[Opinion] = &[
    Opinion {
        probes: &[
            "silent-client",
            "dripping-client",
            "dripping-body",
            "deaf-client",
            "newest-first",
        ],
        reason: "the standards allow deadlines and require none; but a server that anybody can stop \
                 by saying nothing serves nobody, and that much is no matter of taste",
        even_if_it_stalls: false,
    },
    Opinion {
        probes: &[
            "slow-application",
            "many-silent-clients",
            "idle-keep-alive-crowd",
            "queue-overflow",
        ],
        reason: "how many clients a server serves at a time is its own choice, and so is what the \
                 others get; a proxy in front of it may take the slow ones",
        even_if_it_stalls: true,
    },
    Opinion {
        probes: &["panic-storm"],
        reason: "how many workers there are is told by --workers, and may be told wrong",
        even_if_it_stalls: true,
    },
    Opinion {
        probes: &["half-close"],
        reason: "a client that has said its last word still waits for an answer; a server may take \
                 the end of what it reads for the end of the conversation, and some do",
        even_if_it_stalls: false,
    },
    Opinion {
        probes: &["streaming"],
        reason: "PEP 3333 forbids a gateway to hold a block back; HTTP lets a server collect as much \
                 as it likes",
        even_if_it_stalls: false,
    },
    Opinion {
        probes: &["underscore-dropped"],
        reason: "CGI gives `X_Real` and `X-Real` one name, so that a client can pretend to be the \
                 proxy; nothing but the gateway can tell them apart",
        even_if_it_stalls: false,
    },
    Opinion {
        probes: &["sigterm-under-load", "second-sigterm"],
        reason: "how a process ends is its own business; one that finishes what it has begun can be \
                 replaced without anybody noticing",
        even_if_it_stalls: false,
    },
    Opinion {
        probes: &["restart"],
        reason: "without SO_REUSEADDR a server is down for a minute after each stop",
        even_if_it_stalls: false,
    },
];

/// The opinion behind a probe, if it is one.
pub fn of(probe: &Probe) -> Option<&'static Opinion> {
    let mut opinions = OPINIONS.iter();
    opinions.find(|opinion| opinion.probes.contains(&probe.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probes::{self, OURS};

    #[test]
    fn every_opinion_is_about_probes_that_exist_and_none_about_the_same() {
        let names = || OPINIONS.iter().flat_map(|opinion| opinion.probes);
        for name in names() {
            assert!(probes::find(name).is_some(), "{name}");
            assert_eq!(names().filter(|other| *other == name).count(), 1, "{name}");
        }
    }

    #[test]
    fn what_a_probe_calls_ours_or_a_matter_of_waiting_stands_here() {
        for probe in probes::all() {
            let waiting = probe.section == "The third part of a server, the waiting";
            if probe.section == OURS || waiting {
                assert!(of(probe).is_some(), "{}", probe.name);
            }
        }
    }
}
