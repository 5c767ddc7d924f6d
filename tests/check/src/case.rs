//! A probe that is data: bytes to send, and the status that must come back.

use crate::client::NoAnswer;
use crate::outcome::{Finding, Verdict};
use crate::world::World;

/// Bytes to send and the answer to expect.
#[derive(Clone, Copy)]
pub struct Case {
    /// The bytes, sent in one piece.
    pub send: &'static [u8],
    /// The right statuses.
    pub wanted: &'static [u16],
    /// Why the standard lets a server answer otherwise; empty where it says MUST.
    pub lenient: &'static str,
    /// Where in the bytes the fault is, for the caret.
    pub fault: &'static [u8],
    /// Whether the connection must end after the answer.
    pub closes: bool,
    /// Whether closing without an answer is as right as a status.
    pub silence_is_fine: bool,
}

impl Case {
    /// Sends the bytes and judges the answer.
    pub fn run(&self, world: &World) -> Verdict {
        let mut client = world.connect()?;
        // A server may refuse before it has everything: the answer counts.
        let _ = client.send(self.send);
        let refusal_wanted = self.wanted.iter().all(|&status| status >= 400);
        let answer = match client.answer() {
            Ok(answer) => answer,
            Err(NoAnswer::Ended(_)) if self.silence_is_fine => return Ok(()),
            Err(NoAnswer::Silence) if self.silence_is_fine => {
                return Err(Finding::Allowed(
                    "it goes on waiting, and only a deadline can end that".to_owned(),
                ));
            }
            Err(NoAnswer::Ended(_)) if refusal_wanted => {
                return Err(Finding::Allowed(
                    "it closes without a word: a status would tell the client why".to_owned(),
                ));
            }
            Err(NoAnswer::Ended(_) | NoAnswer::Malformed(_)) if !self.lenient.is_empty() => {
                return Err(Finding::Allowed(self.lenient.to_owned()));
            }
            Err(reason) => return Err(reason.into()),
        };
        if answer.status == 405 && answer.field("allow").is_none() {
            return Err(Finding::wrong(
                "a 405 without Allow does not say what is allowed",
            ));
        }
        self.judge(answer.status)?;
        if self.closes && client.wait_for_end().is_none() {
            return Err(Finding::wrong(
                "the connection stays open, though nobody knows where the next request begins",
            ));
        }
        Ok(())
    }

    fn judge(&self, status: u16) -> Verdict {
        if self.wanted.contains(&status) {
            return Ok(());
        }
        let wanted: Vec<_> = self.wanted.iter().map(u16::to_string).collect();
        let words = format!("wanted {}, got {status}", wanted.join(" or "));
        let refusals = status >= 400 && self.wanted.iter().all(|&wanted| wanted >= 400);
        match (refusals, self.lenient) {
            (true, _) => Err(Finding::Allowed(format!(
                "refused in another way than ours ({words})"
            ))),
            (false, "") => Err(Finding::Wrong(words)),
            (false, lenient) => Err(Finding::Allowed(format!(
                "not what we recommend ({words}): {lenient}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{Check, Probe};

    fn judge(probe: Probe, status: u16) -> Verdict {
        match probe.check {
            Check::Case(case) => case.judge(status),
            Check::Behaviour(_) => unreachable!(),
        }
    }

    #[test]
    fn another_refusal_is_allowed_and_a_page_is_wrong_where_the_standard_says_must() {
        let strict = Probe::case("x", "x", b"", &[400]);
        assert_eq!(judge(strict, 400), Ok(()));
        assert!(matches!(judge(strict, 501), Err(Finding::Allowed(_))));
        assert!(matches!(judge(strict, 200), Err(Finding::Wrong(_))));
    }

    #[test]
    fn where_the_standard_leaves_a_choice_the_other_choice_is_allowed() {
        let lenient = Probe::case("x", "x", b"", &[400]).lenient("it MAY");
        assert!(matches!(judge(lenient, 200), Err(Finding::Allowed(_))));
    }

    #[test]
    fn a_refusal_where_a_page_is_wanted_is_wrong() {
        let page = Probe::case("x", "x", b"", &[200]);
        assert!(matches!(judge(page, 400), Err(Finding::Wrong(_))));
    }
}
