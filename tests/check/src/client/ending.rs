//! How a connection ends, and why there is no answer.

use std::time::Duration;

use crate::outcome::Finding;

/// What stands for a client's patience until somebody who knows it puts the time there.
const PATIENCE: &str = "the client's patience";

/// The finding with the time that it speaks of, and the flag that changes it.
pub(crate) fn with_its_time(finding: Finding, patience: Duration) -> Finding {
    match finding {
        Finding::Wrong(text) => {
            let time = format!("{} s (--patience)", patience.as_secs_f64());
            Finding::Wrong(text.replace(PATIENCE, &time))
        }
        other => other,
    }
}

/// How the server's side of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In order: the last byte, then the end.
    Closed,
    /// By a reset: what was on its way in either direction may be lost.
    Reset,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Nothing (more) came for as long as the client was willing to wait.
    Silence,
    /// The connection ended before an answer was whole.
    Ended(End),
    /// What came is not HTTP.
    Malformed(String),
}

impl From<NoAnswer> for Finding {
    fn from(reason: NoAnswer) -> Finding {
        Finding::Wrong(match reason {
            NoAnswer::Silence => {
                format!("no answer within {PATIENCE}, and the connection stays open")
            }
            NoAnswer::Ended(End::Closed) => {
                "the server closed the connection before an answer was whole".to_owned()
            }
            NoAnswer::Ended(End::Reset) => {
                "the connection was reset before an answer was whole".to_owned()
            }
            NoAnswer::Malformed(what) => what,
        })
    }
}
