//! `exercise`: a learner's solution, or ours, against the probe of an exercise.

use check::exercises::{self, EXERCISES, Exercise};
use check::lessons;
use check::outcome::describe;
use check::screen::say;
use check::server::Launch;
use check::workshop;

use super::nearest::unknown;
use check::severity::Severity;

use super::flags::{Manner, Target};
use super::found::Standing;
use super::report::Paper;
use super::stop::Stop;
use super::subject::Subject;

/// Checks a solution. True: it passes.
pub(super) fn run(id: &str, target: Target, solution: bool, manner: &Manner) -> Result<bool, Stop> {
    let ids = EXERCISES.iter().map(|exercise| exercise.id);
    let exercise = exercises::find(id).ok_or_else(|| unknown("exercise", id, ids))?;
    say(format_args!(
        "Exercise {}: {}\n{}\n",
        exercise.id, exercise.title, exercise.task
    ));
    let subject = match solution {
        true => Some(Subject::started(our_solution(exercise)?)),
        false => Subject::of(target)?,
    };
    let Some(mut subject) = subject else {
        print_how(exercise);
        return Ok(true);
    };
    subject.must_be_there()?;
    let mut world = subject.world()?;
    manner.apply_to(&mut world, 1.0);
    let verdict = exercise.run(&world);
    let most = (!manner.verbose).then_some(12);
    for line in world.transcript.lines(most) {
        say(format_args!("    {line}"));
    }
    let (standing, words) = match &verdict {
        Ok(()) => (Standing::Passed, "solved".to_owned()),
        Err(_) => (Standing::Failed(Severity::Must), describe(&verdict)),
    };
    say(format_args!("{} {words}", Paper::new(false).sign(standing)));
    if verdict.is_err() {
        say(format_args!("Hint: {}", exercise.hint));
    }
    Ok(verdict.is_ok())
}

fn our_solution(exercise: &Exercise) -> Result<Launch, Stop> {
    let package = exercise.package();
    let binary = workshop::example(package, exercise.example)
        .map_err(|error| Stop::NoServer(error.to_string()))?;
    Ok(Launch::lesson(binary, ""))
}

fn print_how(exercise: &Exercise) {
    let (id, package, example) = (exercise.id, exercise.package(), exercise.example);
    let folder = lessons::find(package).map_or("lessons", |lesson| lesson.folder);
    // Lesson 13 serves what others write, in Python.
    let in_python = exercise.lesson == 13;
    let (place, run, ending) = match in_python {
        true => (
            "$HOME/mine/mine.py".to_owned(),
            "-- --chdir $HOME/mine",
            "py",
        ),
        false => (
            format!("{folder}/examples/mine.rs"),
            "--example mine --",
            "rs",
        ),
    };
    let app = if in_python { " mine:app" } else { "" };
    say(format_args!(
        "Write your server, for example in {place}, and check it:"
    ));
    say(format_args!(
        "  cargo run -p check -- exercise {id} --run \"cargo run -p {package} {run} --addr 127.0.0.1:{{port}}{app}\""
    ));
    say(format_args!("or start it yourself and give its address:"));
    say(format_args!(
        "  cargo run -p check -- exercise {id} --addr 127.0.0.1:8888"
    ));
    say(format_args!(
        "Our solution is {folder}/examples/{example}.{ending}:"
    ));
    say(format_args!(
        "  cargo run -p check -- exercise {id} --solution"
    ));
}
