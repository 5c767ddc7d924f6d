//! All probes against one server, and a summary.

use check::lessons::{self, LESSONS, Lesson};
use check::matrix::{self, Expected};
use check::outcome::{Finding, Verdict};
use check::probe::Probe;
use check::probes;
use check::screen::say;

use super::manner::Manner;
use super::nearest::unknown;
use super::report::{Paper, Standing};
use super::stop::Stop;
use super::subject::Subject;

/// Runs the probes and prints a report for each. True: all that is required is ok.
pub(super) fn run(
    mut subject: Subject,
    through: Option<&str>,
    only: &[String],
    manner: &Manner,
    paper: &Paper,
) -> Result<bool, Stop> {
    let through = lesson(through)?;
    let chosen = chosen(only, through)?;
    subject.must_be_there()?;
    let mut tally = Tally::default();
    for probe in chosen {
        let mut world = subject.world()?;
        manner.apply_to(&mut world)?;
        paper.announce(probe);
        let verdict = probe.run(&world);
        let standing = standing(probe, &verdict, through);
        let transcript = world.transcript.clone();
        let report = paper.probe(probe, world.address(), &transcript, &verdict, standing);
        say(report.trim_end());
        if let Err(Finding::Stalls) = verdict {
            say(format_args!(
                "    (If it has a deadline, that is longer than {} s: try a larger --hold.)",
                manner.hold
            ));
        }
        if let Some(words) = subject.take_back(world, verdict.as_ref().err()) {
            print_last_words(&words);
        }
        say("");
        tally.add(probe, standing);
        let gone = matches!(verdict, Err(Finding::Died(_)));
        if gone && matches!(subject, Subject::Running(_)) {
            say(format_args!(
                "The server is gone, so the other probes cannot run."
            ));
            break;
        }
    }
    tally.print(paper, through);
    Ok(tally.failed.is_empty())
}

fn print_last_words(words: &str) {
    if words.trim().is_empty() {
        return;
    }
    say(format_args!("    The last that the server wrote:"));
    let lines: Vec<_> = words.lines().filter(|line| !line.is_empty()).collect();
    for line in &lines[lines.len().saturating_sub(5)..] {
        say(format_args!(
            "    | {}",
            check::transcript::visible(line.as_bytes())
        ));
    }
}

/// The lesson to measure by: the one that is named, or the last.
fn lesson(name: Option<&str>) -> Result<&'static Lesson, Stop> {
    let packages = || LESSONS.iter().map(|lesson| lesson.package);
    match name {
        Some(name) => lessons::find(name).ok_or_else(|| unknown("lesson", name, packages())),
        // The list is a constant with four entries and more.
        None => Ok(&LESSONS[LESSONS.len() - 1]),
    }
}

/// The probes that are named; without names, those that the lesson's own server could pass.
fn chosen(only: &[String], through: &Lesson) -> Result<Vec<&'static Probe>, Stop> {
    if only.is_empty() {
        let within = probes::all().filter(|probe| {
            let promised = matrix::cell(probe, through.number).expected;
            !matches!(promised, Expected::Wrong(_) | Expected::Absent)
        });
        return Ok(within.collect());
    }
    let find = |name: &String| {
        probes::find(name).ok_or_else(|| {
            let names = probes::all().map(|probe| probe.name);
            unknown("probe", name, names)
        })
    };
    only.iter().map(find).collect()
}

fn standing(probe: &Probe, verdict: &Verdict, through: &Lesson) -> Standing {
    let cell = matrix::cell(probe, through.number);
    let no_worse = match verdict {
        Err(Finding::Waits) => matches!(cell.expected, Expected::Waits | Expected::Stalls),
        verdict => cell.expected.is_kept_by(verdict),
    };
    match verdict {
        Ok(()) => Standing::Passed,
        Err(Finding::Allowed(_)) => Standing::Allowed,
        Err(Finding::NotApplicable(_)) => Standing::NotApplicable,
        Err(Finding::Died(_)) => Standing::Failed,
        Err(_) if no_worse => Standing::AsTheLesson(cell),
        Err(_) => Standing::Failed,
    }
}

/// How many of each, and which failed.
#[derive(Default)]
struct Tally {
    passed: usize,
    allowed: usize,
    as_the_lesson: usize,
    not_applicable: usize,
    failed: Vec<&'static str>,
}

impl Tally {
    fn add(&mut self, probe: &Probe, standing: Standing) {
        match standing {
            Standing::Passed => self.passed += 1,
            Standing::Allowed => self.allowed += 1,
            Standing::AsTheLesson(_) => self.as_the_lesson += 1,
            Standing::NotApplicable => self.not_applicable += 1,
            Standing::Failed => self.failed.push(probe.name),
        }
    }

    fn print(&self, paper: &Paper, through: &Lesson) {
        let parts = [
            (self.passed, "ok"),
            (self.allowed, "allowed with a remark"),
            (self.as_the_lesson, "as our own server of that lesson"),
            (self.not_applicable, "not applicable"),
            (self.failed.len(), "wrong"),
        ];
        let counted = parts.iter().filter(|(count, _)| *count > 0);
        let words: Vec<_> = counted
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let standing = match self.failed.is_empty() {
            true => Standing::Passed,
            false => Standing::Failed,
        };
        say(format_args!(
            "{} through {}: {}",
            paper.sign(standing),
            through.package,
            words.join(", ")
        ));
        if !self.failed.is_empty() {
            say(format_args!("  wrong: {}", self.failed.join(" ")));
        }
    }
}
