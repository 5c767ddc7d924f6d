//! The sheet on which results are written down: a line for each probe as it finishes, then the
//! failures in full, and the summary last, where the eye is.

use std::time::Instant;

use check::lessons::Lesson;
use check::mend;
use check::screen::say;
use check::severity::Severity;

use super::choice::Chosen;
use super::flags::{Choice, Print};
use super::found::{Found, Standing};
use super::report::Paper;
use super::{json, junit, progress};

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

    /// Prints what belongs to the end, and writes the files. The result: nothing counts.
    pub(super) fn finish(&mut self) -> bool {
        // In the order of the list, whoever finished first.
        let places: Vec<_> = check::probes::all().map(|probe| probe.name).collect();
        let place = |name: &str| places.iter().position(|other| *other == name);
        self.found.sort_by_key(|found| place(found.probe.name));
        if let Some(file) = &self.print.junit
            && let Err(error) = std::fs::write(file, junit::document(self))
        {
            eprintln!("check: {}: {error}", file.display());
        }
        if self.print.json {
            say(json::document(self).trim_end());
            return self.is_good();
        }
        let next = self.small || self.print.next;
        match next {
            true => self.print_first(),
            false => self.print_failures(),
        }
        self.print_summary();
        if next && self.cut.is_none() {
            progress::print(self);
        }
        self.is_good()
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

    /// What is to be mended first, as long as something counts. A SHOULD has its turn as well: the
    /// one line that mends it may stand before all others.
    pub(super) fn first_to_mend(&self) -> Option<&Found> {
        self.counting().next()?;
        let found = self.found.iter().filter(|found| {
            found.standing == Standing::Failed(Severity::Should)
                || found.standing.counts(self.strict)
        });
        found.min_by_key(|found| mend::place(found.probe))
    }

    fn print_failures(&self) {
        if self.verbose {
            return;
        }
        for found in self.found.iter() {
            if found.standing.counts(self.strict) || found.standing == Standing::Broken {
                say(format_args!("\n{}", self.paper.whole(found).trim_end()));
            }
        }
    }

    fn print_first(&self) {
        if let Some(first) = self.first_to_mend() {
            say(format_args!("\n{}", self.paper.whole(first).trim_end()));
        }
    }

    fn print_summary(&self) {
        let sign = match self.is_good() {
            true => Standing::Passed,
            false => Standing::Failed(Severity::Must),
        };
        let cut = match self.cut {
            Some(why) => format!(" ({why} after {} of {})", self.found.len(), self.total),
            None => String::new(),
        };
        if !self.verbose {
            say("");
        }
        say(format_args!(
            "{} through {}: {}{cut}",
            self.paper.sign(sign),
            self.through.package,
            self.counts()
        ));
        for (what, names) in self.named() {
            say(format_args!("  {what}: {}", names.join(" ")));
        }
        if !self.folded.is_empty() {
            say(format_args!(
                "  folded for a small server (`list` says why): {}",
                self.folded.join(" ")
            ));
        }
    }

    /// `61 ok, 2 must, 5 ours, 12 not applicable, took 41 s`.
    fn counts(&self) -> String {
        let count = |standing: Standing| {
            let same = self.found.iter().filter(|found| found.standing == standing);
            same.count()
        };
        let known = self.found.iter();
        let known = known.filter(|found| matches!(found.standing, Standing::Known(_)));
        let parts = [
            (count(Standing::Passed), "ok"),
            (
                count(Standing::AsTheLesson),
                "as our own server of that lesson",
            ),
            (count(Standing::Failed(Severity::Must)), "must"),
            (count(Standing::Failed(Severity::Should)), "should"),
            (count(Standing::Failed(Severity::Ours)), "ours"),
            (known.count(), "known"),
            (count(Standing::NotApplicable), "not applicable"),
            (
                count(Standing::Broken),
                "broken probes (please report them)",
            ),
        ];
        let there = parts.iter().filter(|(count, _)| *count > 0);
        let mut words: Vec<_> = there
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        words.push(format!("took {} s", self.started.elapsed().as_secs()));
        words.join(", ")
    }

    /// The names of what is not ok, for those who look for one.
    fn named(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let names = |is: &dyn Fn(&Found) -> bool| {
            let these = self.found.iter().filter(|found| is(found));
            these.map(|found| found.probe.name).collect::<Vec<_>>()
        };
        let fails = |severity| names(&|found| found.standing == Standing::Failed(severity));
        let mended = |found: &Found| found.standing == Standing::Passed && found.was_known;
        let all = [
            ("must", fails(Severity::Must)),
            ("should", fails(Severity::Should)),
            ("known, and ok now: take it out of the file", names(&mended)),
        ];
        all.into_iter()
            .filter(|(_, names)| !names.is_empty())
            .collect()
    }
}
