//! How a connection ends, and why there is no answer.

use crate::outcome::Finding;

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
            NoAnswer::Silence => "no answer, and the connection stays open".to_owned(),
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
