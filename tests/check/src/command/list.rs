//! What there is: lessons, probes, exercises.

use check::exercises::EXERCISES;
use check::lessons::LESSONS;
use check::matrix::{self, NO_LESSON};
use check::opinions::OPINIONS;
use check::probe::Needs;
use check::probes::GROUPS;
use check::screen::say;
use check::small::FOLDED;

pub(super) fn print() {
    say(format_args!("Lessons"));
    for lesson in LESSONS {
        say(format_args!("  {}  {}", lesson.package, lesson.title));
    }
    for group in GROUPS {
        say(format_args!("\n{} ({})", group.title, group.name));
        for probe in group.probes {
            let mut remarks = Vec::new();
            match matrix::since(probe) {
                1 | NO_LESSON => {}
                since => remarks.push(format!("ok from lesson {since:02}")),
            }
            match probe.needs {
                Needs::Nothing => {}
                Needs::Route(method, target) => {
                    let path = target.split('?').next().unwrap_or(target);
                    remarks.push(format!("needs {method} {path}"));
                }
                Needs::Process => remarks.push("needs --run".to_owned()),
            }
            let remarks = match remarks.is_empty() {
                true => String::new(),
                false => format!("  ({})", remarks.join(", ")),
            };
            say(format_args!("  {:22}{}{remarks}", probe.name, probe.title));
        }
    }
    say(format_args!(
        "\nOpinions of ours: what no standard asks for"
    ));
    for opinion in OPINIONS {
        say(format_args!(
            "  {}\n    {}",
            opinion.probes.join(", "),
            opinion.reason
        ));
    }
    say(format_args!("\nFolded by --small"));
    for folded in FOLDED {
        say(format_args!("  {:22}{}", folded.probe, folded.reason));
    }
    say(format_args!("\nExercises"));
    for exercise in EXERCISES {
        say(format_args!("  {}  {}", exercise.id, exercise.title));
    }
}
