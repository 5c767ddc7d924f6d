//! `break`: one failure of one lesson, live. First the question, then what happens.

use check::screen::say;
use std::io::{self, BufRead, IsTerminal, Write};

use check::lessons::{self, LESSONS, Lesson};
use check::matrix::{self, Expected, NO_LESSON};
use check::outcome::{Finding, Verdict, describe};
use check::probe::Probe;
use check::probes;
use check::server::Launch;
use check::transcript::Transcript;
use check::workshop;
use check::world::World;

use super::nearest::unknown;
use super::report::chapter;
use super::stop::Stop;

/// Shows a probe against a lesson's server. True: the matrix was right.
pub(super) fn run(lesson: &str, probe: &str) -> Result<bool, Stop> {
    let packages = LESSONS.iter().map(|lesson| lesson.package);
    let found = lessons::find(lesson).ok_or_else(|| unknown("lesson", lesson, packages))?;
    let names = probes::all().map(|probe| probe.name);
    let probe = probes::find(probe).ok_or_else(|| unknown("probe", probe, names))?;
    let cell = matrix::cell(probe, found.number);

    let flags = probe.flags_for(found.number);
    say(format_args!(
        "{}, {}: {}",
        found.package, probe.name, probe.title
    ));
    say(format_args!("\nPredict: {}", probe.question));
    wait_for_enter();
    let binary =
        workshop::binary(found.package).map_err(|error| Stop::NoServer(error.to_string()))?;
    let server = Launch::lesson(binary, &flags)
        .start(None)
        .map_err(|error| Stop::NoServer(error.to_string()))?;
    say(format_args!("\n{}", command(found.package, &flags)));
    let mut world = World::with(server);
    world.transcript = Transcript::live();
    let verdict = probe.run(&world);

    say(format_args!(
        "\nWhat happened: {}",
        found_by(&verdict, cell)
    ));
    say(format_args!("{}: {}", probe.section, probe.asks));
    explain(probe, cell, found);
    let kept = cell.expected.is_kept_by(&verdict);
    if !kept {
        say(format_args!(
            "\nThat is not what the matrix promises ({}). Something is broken.",
            cell.expected.word()
        ));
    }
    Ok(kept)
}

fn command(package: &str, flags: &str) -> String {
    match flags {
        "" => format!("$ cargo run -p {package}"),
        flags => format!("$ cargo run -p {package} -- {flags}"),
    }
}

fn explain(probe: &Probe, cell: matrix::Cell, lesson: &Lesson) {
    if cell.expected == Expected::Ok {
        say(format_args!(
            "As it should be: {} passes this probe.",
            lesson.package
        ));
    } else {
        say(format_args!("Why: {}.", cell.reason));
        say(mended(probe, cell, lesson));
    }
    say(chapter(matrix::explained_in(probe, lesson.number)));
}

/// Of others we ask what the standard asks; of a lesson, what the matrix says.
fn found_by(verdict: &Verdict, cell: matrix::Cell) -> String {
    match (verdict, cell.expected) {
        (Err(Finding::Allowed(reason)), Expected::Wrong(_)) => {
            format!("wrong for a server of ours, though the standard allows it: {reason}")
        }
        // A lesson keeps to what the standard advises, too.
        (Err(Finding::Should(reason)), Expected::Wrong(_)) => format!("wrong: {reason}"),
        _ => describe(verdict),
    }
}

/// The next lesson that does better, and the one that is ok.
fn mended(probe: &Probe, cell: matrix::Cell, lesson: &Lesson) -> String {
    let later = LESSONS.iter().filter(|later| later.number > lesson.number);
    let mut better = later.map(|later| (later, matrix::cell(probe, later.number).expected));
    let mut lines = Vec::new();
    let mut ok = false;
    if let Some((later, expected)) = better.find(|(_, expected)| *expected != cell.expected) {
        ok = expected == Expected::Ok;
        lines.push(format!(
            "From lesson {:02}, {}, {}: cargo run -p check -- break {} {}",
            later.number,
            later.title,
            expected.says(),
            later.package,
            probe.name
        ));
    }
    if !ok {
        lines.push(match cell.mended_by {
            NO_LESSON => "No lesson makes it ok.".to_owned(),
            lesson => format!("Lesson {lesson:02} makes it ok."),
        });
    }
    lines.join("\n")
}

/// On a terminal the reader has time to think; elsewhere nobody is there to press a key.
fn wait_for_enter() {
    if somebody_is_asked(io::stdin().is_terminal(), io::stdout().is_terminal()) {
        print!("Decide, then press Enter. ");
        // A terminal that cannot be written to or read from has nobody to wait for.
        let _ = io::stdout().flush();
        let _ = io::stdin().lock().read_line(&mut String::new());
    }
}

/// Whether a person can both see the question and press a key. With the output in a pipe the
/// question may be swallowed, and nobody would know what is being waited for.
fn somebody_is_asked(can_type: bool, can_see: bool) -> bool {
    can_type && can_see
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_asked_who_cannot_see_the_question_or_cannot_answer_it() {
        assert!(somebody_is_asked(true, true));
        assert!(!somebody_is_asked(true, false));
        assert!(!somebody_is_asked(false, true));
        assert!(!somebody_is_asked(false, false));
    }
}
