//! What a probe has found, and what that means for the one who asked.

use std::net::SocketAddr;
use std::time::Duration;

use check::lessons::Lesson;
use check::matrix::{self, Cell, Expected};
use check::outcome::{Finding, Verdict};
use check::probe::Probe;
use check::severity::Severity;
use check::transcript::Transcript;

use super::known::Known;

/// A probe that has run.
pub(super) struct Found {
    pub(super) probe: &'static Probe,
    pub(super) verdict: Verdict,
    pub(super) standing: Standing,
    pub(super) address: SocketAddr,
    pub(super) transcript: Transcript,
    pub(super) took: Duration,
    /// What the server wrote before it died.
    pub(super) last_words: String,
    /// Somebody waited in vain, so that it may be a matter of time.
    pub(super) is_timing: bool,
    /// It was tried once more, alone and with more patience, and this is what was found then.
    pub(super) again: bool,
    /// It stands in the file of known failures.
    pub(super) was_known: bool,
    /// How long the slow client held on.
    pub(super) hold: Duration,
}

/// What a result means for the one who asked.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Standing {
    /// As it should be.
    Passed,
    /// Not ok, and no worse than the lesson that the server is measured by.
    AsTheLesson,
    /// The probe could not ask.
    NotApplicable,
    /// Not as it should be.
    Failed(Severity),
    /// Not as it should be, and known.
    Known(Severity),
    /// The probe itself is broken.
    Broken,
}

impl Standing {
    /// What a verdict means.
    pub(super) fn of(
        probe: &Probe,
        verdict: &Verdict,
        through: &Lesson,
        known: &Known,
    ) -> Standing {
        let Err(finding) = verdict else {
            return Standing::Passed;
        };
        let Some(severity) = Severity::of(probe, finding) else {
            return match finding {
                Finding::Broken(_) => Standing::Broken,
                _ => Standing::NotApplicable,
            };
        };
        if no_worse(matrix::cell(probe, through.number), verdict) {
            return Standing::AsTheLesson;
        }
        match known.reason(probe.name) {
            Some(_) => Standing::Known(severity),
            None => Standing::Failed(severity),
        }
    }

    /// Whether it counts for the exit code.
    pub(super) fn counts(self, strict: bool) -> bool {
        match self {
            Standing::Failed(Severity::Must) => true,
            Standing::Failed(_) => strict,
            _ => false,
        }
    }

    /// A sign that can be told apart without its colour, and its colour.
    pub(super) fn sign(self) -> (&'static str, &'static str) {
        match self {
            Standing::Passed => ("✓", "32"),
            Standing::AsTheLesson => ("◷", "33"),
            Standing::NotApplicable => ("–", "2"),
            Standing::Failed(Severity::Must) => ("✗", "31"),
            Standing::Failed(Severity::Should) => ("!", "33"),
            Standing::Failed(Severity::Ours) => ("≈", "33"),
            Standing::Known(_) => ("○", "33"),
            Standing::Broken => ("?", "35"),
        }
    }

    /// The standing in a word, for machines.
    pub(super) fn word(self) -> &'static str {
        match self {
            Standing::Passed => "ok",
            Standing::AsTheLesson => "as-the-lesson",
            Standing::NotApplicable => "not-applicable",
            Standing::Failed(_) => "failed",
            Standing::Known(_) => "known",
            Standing::Broken => "broken",
        }
    }

    /// How bad it is, if it is.
    pub(super) fn severity(self) -> Option<Severity> {
        match self {
            Standing::Failed(severity) | Standing::Known(severity) => Some(severity),
            _ => None,
        }
    }
}

/// Whether the lesson's own server promises no better. What others may choose is their choice,
/// even where the lesson chooses the same.
fn no_worse(cell: Cell, verdict: &Verdict) -> bool {
    match verdict {
        Err(Finding::Waits) => matches!(cell.expected, Expected::Waits | Expected::Stalls),
        Err(Finding::Stalls | Finding::Wrong(_)) => cell.expected.is_kept_by(verdict),
        _ => false,
    }
}

impl Found {
    /// The finding in one line, without the word that the sign says already.
    pub(super) fn words(&self) -> String {
        let text = match &self.verdict {
            Ok(()) => return String::new(),
            Err(
                Finding::Wrong(text)
                | Finding::Should(text)
                | Finding::Allowed(text)
                | Finding::NotApplicable(text),
            ) => text.clone(),
            Err(Finding::Stalls) => format!(
                "{} (it held on for {} s, --hold)",
                Finding::Stalls,
                self.hold.as_secs_f64()
            ),
            Err(other) => other.to_string(),
        };
        match self.again {
            true => format!("{text} (tried twice)"),
            false => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use check::{lessons, probes};

    fn standing(name: &str, verdict: &Verdict, lesson: &str) -> Standing {
        let probe = probes::find(name).unwrap();
        Standing::of(
            probe,
            verdict,
            lessons::find(lesson).unwrap(),
            &Known::default(),
        )
    }

    #[test]
    fn as_good_as_the_lesson_is_good_enough_and_worse_is_not() {
        let waits = Err(Finding::Waits);
        assert!(standing("silent-client", &waits, "3") == Standing::AsTheLesson);
        assert!(standing("silent-client", &Err(Finding::Stalls), "3").counts(false));
        assert!(standing("silent-client", &waits, "7") == Standing::Failed(Severity::Ours));
    }

    #[test]
    fn only_a_must_counts_unless_one_is_strict() {
        let should = standing("fragment", &Err(Finding::Should(String::new())), "7");
        assert!(!should.counts(false) && should.counts(true));
        assert!(standing("no-host", &Err(Finding::wrong("")), "7").counts(false));
        let broken = standing("no-host", &Err(Finding::Broken(String::new())), "7");
        assert!(broken == Standing::Broken && !broken.counts(true));
    }
}
