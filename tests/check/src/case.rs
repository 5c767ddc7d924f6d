//! A probe that is data: bytes to send, and the status that must come back.

mod control;

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
    /// What the standard says about another answer.
    pub otherwise: Otherwise,
    /// Where in the bytes the fault is, for the caret.
    pub fault: &'static [u8],
    /// Whether the connection must end after the answer.
    pub closes: Closes,
    /// Whether closing without an answer, or waiting for more, is as right as a status.
    pub silence_is_fine: bool,
}

/// What the standard says about an answer other than the one that is wanted.
#[derive(Clone, Copy)]
pub enum Otherwise {
    /// It is forbidden.
    Forbidden,
    /// It is against a SHOULD, with these words.
    Should(&'static str),
    /// It is allowed, with these words.
    Allowed(&'static str),
    /// It is forbidden, unless the connection ends: a server may answer without reading the body,
    /// and whoever closes then takes nothing of it for the next request.
    UnlessItCloses,
    /// The same for a body that is longer than fits and must not wrap around: waiting for so much
    /// proves that it did not.
    UnlessItWraps,
}

/// Whether the connection must end after the answer, and what it means if it does not.
#[derive(Clone, Copy)]
pub enum Closes {
    /// It may stay.
    No,
    /// We advise it, for these reasons.
    Advised(&'static str),
    /// It must: after a refusal, or after an answer that is wanted. The words say what is wrong.
    Must(&'static str),
    /// It must, even after an answer that the standard merely allows.
    MustInAnyCase(&'static str),
}

impl Case {
    /// Sends the bytes and judges the answer.
    pub fn run(&self, world: &World) -> Verdict {
        let control = self.control(world)?;
        let mut client = world.connect()?;
        // A server may refuse before it has everything: the answer counts.
        let _ = client.send(&control.aimed(self.send));
        let answer = match client.answer() {
            Ok(answer) => answer,
            Err(reason) => return self.judge_silence(reason),
        };
        if control.hides(answer.status) {
            return Err(control.not_applicable());
        }
        if answer.status == 405 && answer.field("allow").is_none() {
            return Err(Finding::wrong(
                "a 405 without Allow does not say what is allowed",
            ));
        }
        let found = self.judge(answer.status);
        match found {
            Err(Finding::Wrong(_))
                if matches!(
                    self.otherwise,
                    Otherwise::UnlessItCloses | Otherwise::UnlessItWraps
                ) =>
            {
                self.judge_by_end(answer.status, world.ends(&mut client))
            }
            Err(Finding::Wrong(_)) => found,
            _ => self.judge_end(found, || world.ends(&mut client)),
        }
    }

    /// No answer: often that is an answer, too.
    fn judge_silence(&self, reason: NoAnswer) -> Verdict {
        let refusal_wanted = self.wanted.iter().all(|&status| status >= 400);
        let waits = self.silence_is_fine || matches!(self.otherwise, Otherwise::UnlessItWraps);
        match (reason, self.otherwise) {
            (NoAnswer::Ended(_), _) if self.silence_is_fine => Ok(()),
            (NoAnswer::Silence, _) if waits => Err(Finding::allowed(
                "it goes on waiting, and only a deadline can end that",
            )),
            (NoAnswer::Ended(_), _) if refusal_wanted => Err(Finding::allowed(
                "it closes without a word: a status would tell the client why",
            )),
            (NoAnswer::Ended(_), Otherwise::Should(words)) => Err(Finding::Should(format!(
                "it closes without a word: {words}"
            ))),
            (NoAnswer::Malformed(what), Otherwise::Should(words)) => {
                Err(Finding::Should(format!("{what}: {words}")))
            }
            (NoAnswer::Ended(_) | NoAnswer::Malformed(_), Otherwise::Allowed(words)) => {
                Err(Finding::allowed(words))
            }
            (reason, _) => Err(reason.into()),
        }
    }

    fn judge(&self, status: u16) -> Verdict {
        if self.wanted.contains(&status) {
            return Ok(());
        }
        let words = self.wanted_and(status);
        let refusals = status >= 400 && self.wanted.iter().all(|&wanted| wanted >= 400);
        match (refusals, self.otherwise) {
            (true, _) => Err(Finding::Allowed(format!(
                "refused in another way than ours ({words})"
            ))),
            (false, Otherwise::Should(reason)) => {
                Err(Finding::Should(format!("{words}: {reason}")))
            }
            (false, Otherwise::Allowed(reason)) => Err(Finding::Allowed(format!(
                "not what we recommend ({words}): {reason}"
            ))),
            (false, _) => Err(Finding::Wrong(words)),
        }
    }

    fn wanted_and(&self, got: u16) -> String {
        let wanted: Vec<_> = self.wanted.iter().map(u16::to_string).collect();
        format!("wanted {}, got {got}", wanted.join(" or "))
    }

    /// A page instead of a refusal: was the fault taken for right, or only never looked at?
    fn judge_by_end(&self, status: u16, ends: bool) -> Verdict {
        let words = self.wanted_and(status);
        match ends {
            true => Err(Finding::Allowed(format!(
                "it answers without reading the body, and closes ({words})"
            ))),
            false => Err(Finding::Wrong(format!(
                "{words}, and the connection stays open: for this server the body has ended"
            ))),
        }
    }

    /// Whether the connection ends as it must, after an answer that is right so far.
    fn judge_end(&self, found: Verdict, ends: impl FnOnce() -> bool) -> Verdict {
        let (words, must) = match (self.closes, &found) {
            (Closes::No, _) => return found,
            // A leniency of the standard that does not speak of the connection.
            (Closes::Must(_), Err(_)) => return found,
            (Closes::Advised(words), _) => (words, false),
            (Closes::Must(words) | Closes::MustInAnyCase(words), _) => (words, true),
        };
        match (ends(), must) {
            (true, _) => found,
            (false, true) => Err(Finding::wrong(words)),
            (false, false) => Err(Finding::allowed(words)),
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
