//! A step on the way to a server that is all green.

/// One thing to do, and the probes that it turns green.
pub struct Mend {
    /// What to do, in a sentence.
    pub how: &'static str,
    /// For which probes.
    pub probes: &'static [&'static str],
}

pub(super) const fn mend(how: &'static str, probes: &'static [&'static str]) -> Mend {
    Mend { how, probes }
}
