//! What a cell of the matrix promises.

use crate::outcome::{Finding, Verdict};

use Expected::{Absent, Stalls, Waits, Wrong};

/// A promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// As it should be.
    Ok,
    /// The second client is answered after the server itself is done with the first.
    Waits,
    /// The second client is answered after the first has left.
    Stalls,
    /// Another answer; the finding holds these words.
    Wrong(&'static str),
    /// The lesson has no such thing.
    Absent,
}

impl Expected {
    /// Whether a verdict keeps the promise, to the letter.
    pub fn is_kept_by(&self, verdict: &Verdict) -> bool {
        match (self, verdict) {
            (Expected::Ok, Ok(())) => true,
            (Waits, Err(Finding::Waits)) => true,
            (Stalls, Err(Finding::Stalls)) => true,
            (Absent, Err(Finding::NotApplicable(_))) => true,
            // What the standard allows to others is still not what we promise.
            (
                Wrong(words),
                Err(Finding::Wrong(text) | Finding::Should(text) | Finding::Allowed(text)),
            ) => text.contains(words),
            _ => false,
        }
    }

    /// The promise as the end of a sentence: "From lesson 02 it waits".
    pub fn says(&self) -> &'static str {
        match self {
            Expected::Ok => "it is ok",
            Waits => "it waits",
            Stalls => "it stalls",
            Wrong(_) => "it is wrong in another way",
            Absent => "there is no such thing",
        }
    }

    /// The promise in a word.
    pub fn word(&self) -> &'static str {
        match self {
            Expected::Ok => "ok",
            Waits => "waits",
            Stalls => "stalls",
            Wrong(_) => "wrong",
            Absent => "–",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_of_red_is_broken_by_green() {
        assert!(!Stalls.is_kept_by(&Ok(())));
        assert!(!Stalls.is_kept_by(&Err(Finding::Waits)));
        assert!(!Wrong("got 501").is_kept_by(&Err(Finding::wrong("got 200"))));
        assert!(!Expected::Ok.is_kept_by(&Err(Finding::Allowed(String::new()))));
        assert!(!Absent.is_kept_by(&Ok(())));
        assert!(Wrong("got 501").is_kept_by(&Err(Finding::wrong("wanted 200, got 501"))));
    }
}
