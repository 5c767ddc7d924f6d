//! The sheet on which results are written down: a line for each probe as it finishes.

use std::time::Instant;

use check::lessons::Lesson;
use check::mend;
use check::screen::say;
use check::severity::Severity;

use super::choice::Chosen;
use super::flags::{Choice, Print};
use super::found::{Found, Standing};
use super::report::Paper;

/// What was found so far, and how it is shown.
pub(super) struct Sheet {
    pub(super) paper: Paper,
    pub(super) print: Print,
    pub(super) through: &'static Lesson,
    pub(super) strict: bool,
    pub(super) small: bool,
    pub(super) verbose: bool,
    pub(super) total: usize,
    pub(super) folded: Vec<&'static str>,
    /// What the server is called, to find it again the next time.
    pub(super) target: String,
    pub(super) found: Vec<Found>,
    pub(super) started: Instant,
    /// Whether it ends before its time, and why.
    pub(super) cut: Option<&'static str>,
}

impl Sheet {
    pub(super) fn new(
        chosen: &Chosen,
        choice: &Choice,
        print: &Print,
        verbose: bool,
        target: String,
    ) -> Sheet {
        Sheet {
            paper: Paper::new(verbose),
            print: print.clone(),
            through: chosen.through,
            strict: choice.strict,
            small: choice.small,
            verbose,
            total: chosen.probes.len(),
            folded: chosen.folded.iter().map(|probe| probe.name).collect(),
            target,
            found: Vec::new(),
            started: Instant::now(),
            cut: None,
        }
    }

    /// Says which probe is running.
    pub(super) fn announce(&self, name: &str) {
        let (done, total) = (self.found.len() + 1, self.total);
        let seconds = self.started.elapsed().as_secs();
        self.paper
            .progress(&format!("{done} of {total}, {seconds} s: {name}"));
    }

    /// Writes a result down.
    pub(super) fn add(&mut self, found: Found) {
        let good = found.standing.severity().is_none() && found.standing != Standing::Broken;
        if self.print.json || (self.print.failed && good) {
            // It is in the document, or it is not asked for.
        } else if self.verbose {
            say(self.paper.whole(&found));
        } else {
            say(self.paper.line(&found, self.through));
        }
        self.found.push(found);
    }

    /// Whether nothing is wrong that counts.
    pub(super) fn is_good(&self) -> bool {
        self.counting().next().is_none()
    }

    /// Whether a probe of ours is broken.
    pub(super) fn is_broken(&self) -> bool {
        let mut found = self.found.iter();
        found.any(|found| found.standing == Standing::Broken)
    }

    /// What counts.
    pub(super) fn counting(&self) -> impl Iterator<Item = &Found> {
        let found = self.found.iter();
        found.filter(|found| found.standing.counts(self.strict))
    }

    /// What is to be mended, as long as something counts. A SHOULD has its turn as well: the one
    /// line that mends it may stand before all others.
    pub(super) fn to_mend(&self) -> impl Iterator<Item = &Found> {
        let something_counts = !self.is_good();
        let found = self.found.iter().filter(|found| {
            found.standing == Standing::Failed(Severity::Should)
                || found.standing.counts(self.strict)
        });
        found.filter(move |_| something_counts)
    }

    /// What is to be mended before everything else.
    pub(super) fn first_to_mend(&self) -> Option<&Found> {
        self.to_mend().min_by_key(|found| mend::place(found.probe))
    }
}
