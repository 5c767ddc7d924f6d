//! What `--small` leaves out: probes that are unreasonable for a server of a hundred lines.
//!
//! The list is fixed, each entry with its reason. It may not grow to make a server pass.

/// A probe that is folded, and why.
pub struct Folded {
    /// The probe.
    pub probe: &'static str,
    /// Why a small server need not care.
    pub reason: &'static str,
}

/// Everything that `--small` folds.
pub const FOLDED: &[Folded] = &[
    Folded {
        probe: "http-1.2",
        reason: "parsers for heads know 1.0 and 1.1, and a small server takes its parser as it is",
    },
    Folded {
        probe: "absolute-form-host",
        reason: "only a proxy sends whole URLs, and nothing stands in front of a small server",
    },
    Folded {
        probe: "deaf-client",
        reason: "a deadline for sending is a chapter of its own, and short answers fit the buffers",
    },
    Folded {
        probe: "second-sigterm",
        reason: "there is nothing to hurry where the first signal ends the server",
    },
    Folded {
        probe: "panic-storm",
        reason: "a bounded queue turns most of a hundred clients away at once, as it should",
    },
];

/// Why a probe is folded, if it is.
pub fn reason(probe: &str) -> Option<&'static str> {
    let found = FOLDED.iter().find(|folded| folded.probe == probe);
    found.map(|folded| folded.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probes;

    /// Whoever changes the list changes it twice, and thinks twice.
    #[test]
    fn what_a_small_server_is_not_asked_is_this_and_no_more() {
        let names: Vec<_> = FOLDED.iter().map(|folded| folded.probe).collect();
        assert_eq!(
            names,
            [
                "http-1.2",
                "absolute-form-host",
                "deaf-client",
                "second-sigterm",
                "panic-storm"
            ]
        );
        assert!(names.iter().all(|name| probes::find(name).is_some()));
    }
}
