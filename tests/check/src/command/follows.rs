//! What follows from what: one fault is one failure, and not ten.
//!
//! A server that cannot read a body in chunks at all fails whatever is asked about chunks. The first
//! of these probes says so; the others have nothing to add until that is mended. Nothing stands here
//! that could take the body of a request for another request: that is asked in any case.

use check::probe::Probe;

/// A probe, and those that need what it asks for.
const FOLLOWS: &[(&str, &[&str])] = &[
    (
        "close-said",
        &[
            "keep-alive",
            "pipeline",
            "keep-alive-reuse",
            "ten-pipelined",
            "unread-body-next",
            "stay-table",
            "close-at-limit",
        ],
    ),
    ("absolute-form", &["absolute-form-host"]),
    (
        "chunked",
        &[
            "chunked-case",
            "chunk-extension",
            "chunked-trailer",
            "chunk-0x",
            "chunk-plus",
            "chunk-lf",
            "chunk-end",
            "chunked-pieces",
            "chunked-next",
            "trailers",
            "trailer-length",
            "chunk-overflow",
            "chunked-too-large",
            "trailer-huge",
            "chunk-extension-huge",
        ],
    ),
];

/// Whether there is a probe that this one may follow from, and that has to be asked before.
pub(super) fn may_follow(probe: &Probe) -> bool {
    let mut others = FOLLOWS.iter().flat_map(|(_, others)| *others);
    others.any(|other| *other == probe.name)
}

/// The probe that a probe follows from, if that one is among the failed.
pub(super) fn cause(probe: &Probe, failed: &[&'static str]) -> Option<&'static str> {
    let found = FOLLOWS
        .iter()
        .find(|(first, others)| failed.contains(first) && others.contains(&probe.name));
    found.map(|(first, _)| *first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::probes;

    #[test]
    fn what_follows_stands_behind_what_it_follows_from() {
        let place = |name: &str| probes::all().position(|probe| probe.name == name).unwrap();
        for (first, others) in FOLLOWS {
            for other in *others {
                assert!(place(first) < place(other), "{first} {other}");
            }
        }
        let trailers = probes::find("trailers").unwrap();
        assert_eq!(cause(trailers, &["chunked"]), Some("chunked"));
        assert_eq!(cause(trailers, &["hello"]), None);
        let chunked = probes::find("chunked").unwrap();
        assert!(may_follow(trailers) && !may_follow(chunked));
    }
}
