//! What a probe can find.

use std::fmt;

/// Nothing to say, or what was found.
pub type Verdict = Result<(), Finding>;

/// What a probe found that is not plainly *ok*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The second client is answered, but only after the server itself was done with the first.
    Waits,
    /// The second client is answered, but only after the first has left.
    Stalls,
    /// Any other answer, and in which way.
    Wrong(String),
    /// Not what we recommend, but the standard leaves the choice.
    Allowed(String),
    /// The probe cannot ask: the server lacks what it needs.
    NotApplicable(String),
    /// The server has exited or refuses connections. Never legal.
    Died(String),
}

impl Finding {
    /// A wrong answer.
    pub fn wrong(reason: impl Into<String>) -> Finding {
        Finding::Wrong(reason.into())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Waits => out.write_str(
                "waits: the second client is answered only after the server is done with the first",
            ),
            Finding::Stalls => {
                out.write_str("stalls: the second client is answered only after the first has left")
            }
            Finding::Wrong(reason) => write!(out, "wrong: {reason}"),
            Finding::Allowed(reason) => write!(out, "allowed, but {reason}"),
            Finding::NotApplicable(reason) => write!(out, "not applicable: {reason}"),
            Finding::Died(reason) => write!(out, "died: {reason}"),
        }
    }
}

/// A verdict in words.
pub fn describe(verdict: &Verdict) -> String {
    match verdict {
        Ok(()) => "ok".to_owned(),
        Err(finding) => finding.to_string(),
    }
}
