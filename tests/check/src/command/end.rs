//! How a run ended.

/// How a run ended: good or bad, and with what.
pub(super) struct End {
    /// Whether all that is required is ok.
    pub(super) good: bool,
    /// Whether a probe itself is broken.
    pub(super) broken: bool,
    /// What is to be mended, and so to be run again when something has changed. Nothing, if nothing
    /// of it counts.
    pub(super) to_mend: Vec<&'static str>,
}

impl From<bool> for End {
    fn from(good: bool) -> End {
        End {
            good,
            broken: false,
            to_mend: Vec::new(),
        }
    }
}
