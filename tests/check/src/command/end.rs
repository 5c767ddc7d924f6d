//! How a run ended.

/// How a run ended: good or bad, and with what.
pub(super) struct End {
    /// Whether all that is required is ok.
    pub(super) good: bool,
    /// Whether a probe itself is broken.
    pub(super) broken: bool,
    /// The probes that count as failed.
    pub(super) failed: Vec<&'static str>,
}

impl From<bool> for End {
    fn from(good: bool) -> End {
        End {
            good,
            broken: false,
            failed: Vec::new(),
        }
    }
}
