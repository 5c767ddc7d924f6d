//! Why a conversation ends, as a number (RFC 6455 §7.4).

// ANCHOR: imports
use std::error::Error;
use std::fmt::{self, Display};
// ANCHOR_END: imports

// ANCHOR: codes
/// All is said.
pub const NORMAL: u16 = 1000;
/// The server stops, or the page is left.
pub const GOING_AWAY: u16 = 1001;
/// A rule of the protocol was broken.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A close frame came, and said no number. It is never sent.
pub const NO_STATUS: u16 = 1005;
/// No close frame came. It is never sent.
pub const ABNORMAL: u16 = 1006;
/// Text that is not UTF-8.
pub const INVALID_TEXT: u16 = 1007;
/// Somebody does what we do not want here.
pub const POLICY: u16 = 1008;
/// A message that is longer than we take.
pub const TOO_BIG: u16 = 1009;
/// We made a mistake.
pub const INTERNAL_ERROR: u16 = 1011;
/// Not now: too slow for what is said here.
pub const TRY_AGAIN_LATER: u16 = 1013;

/// Whether a close frame may carry this number. 1004, 1005, 1006 and 1015 are names for what
/// happened without one; 1012 to 1014 were registered later; from 3000 on they are yours.
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
// ANCHOR_END: codes

// ANCHOR: violation
/// What a client did that ends the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// It broke a rule of the protocol.
    Protocol(&'static str),
    /// It sent text that is not UTF-8.
    InvalidText,
    /// Its message is longer than we take.
    TooBig,
    /// It asks whether we are there, and asks, and asks.
    Flood,
}

impl Violation {
    /// The number for the close frame.
    pub fn code(self) -> u16 {
        match self {
            Violation::Protocol(_) => PROTOCOL_ERROR,
            Violation::InvalidText => INVALID_TEXT,
            Violation::TooBig => TOO_BIG,
            Violation::Flood => POLICY,
        }
    }

    /// The words for it.
    pub fn reason(self) -> &'static str {
        match self {
            Violation::Protocol(rule) => rule,
            Violation::InvalidText => "text that is not UTF-8",
            Violation::TooBig => "a message that is too long",
            Violation::Flood => "too many pings",
        }
    }
}

impl Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.reason())
    }
}

impl Error for Violation {}
// ANCHOR_END: violation

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_what_happened_without_a_close_frame_are_not_sent_in_one() {
        let allowed: Vec<u16> = (0..=u16::MAX).filter(|code| may_be_sent(*code)).collect();
        for code in [0, 999, 1004, NO_STATUS, ABNORMAL, 1015, 1016, 2999, 5000] {
            assert!(!allowed.contains(&code), "{code}");
        }
        for code in [NORMAL, GOING_AWAY, 1003, INVALID_TEXT, 1014, 3000, 4999] {
            assert!(allowed.contains(&code), "{code}");
        }
        assert_eq!(allowed.len(), 4 + 8 + 2000);
    }
}
