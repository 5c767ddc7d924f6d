//! The end of a sheet: the failures in full, and the summary last, where the eye is.

use check::screen::say;
use check::severity::Severity;

use super::found::{Found, Standing};
use super::sheet::Sheet;
use super::{json, junit, progress};

impl Sheet {
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
