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
    /// Against a SHOULD of the standard: legal with a good reason, and worth a look.
    Should(String),
    /// Not what we recommend, but the standard leaves the choice.
    Allowed(String),
    /// The probe cannot ask: the server lacks what it needs.
    NotApplicable(String),
    /// The server has exited or refuses connections. Never legal.
    Died(String),
    /// The probe has hit its bound in time or bytes, and what it was doing then.
    Unfinished(String),
    /// The probe itself is broken: a fault of the checker, and not of the server.
    Broken(String),
}

impl Finding {
    /// A wrong answer.
    pub fn wrong(reason: impl Into<String>) -> Finding {
        Finding::Wrong(reason.into())
    }

    /// A choice that the standard leaves.
    pub fn allowed(reason: impl Into<String>) -> Finding {
        Finding::Allowed(reason.into())
    }

    /// A question that cannot be asked.
    pub fn not_applicable(reason: impl Into<String>) -> Finding {
        Finding::NotApplicable(reason.into())
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
            Finding::Should(reason) => write!(out, "against a SHOULD: {reason}"),
            Finding::Allowed(reason) => write!(out, "allowed, but {reason}"),
            Finding::NotApplicable(reason) => write!(out, "not applicable: {reason}"),
            Finding::Died(reason) => write!(out, "died: {reason}"),
            Finding::Unfinished(reason) => write!(out, "unfinished: {reason}"),
            Finding::Broken(reason) => write!(out, "the probe itself is broken: {reason}"),
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
