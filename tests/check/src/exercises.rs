//! The exercises of the chapters, each with a probe that is red before and green after.

mod exercise;
mod list;
mod loops;
mod solved;
mod together;
mod workers;

use std::path::Path;

use crate::outcome::{Finding, Verdict, describe};
use crate::server::Launch;
use crate::workshop;
use crate::world::World;

pub use exercise::Exercise;
pub use list::EXERCISES;

/// The exercise with this number: `02-1`, or `2-1`.
pub fn find(id: &str) -> Option<&'static Exercise> {
    let number = |text: &str| text.parse::<u8>().ok();
    let numbers = |id: &str| {
        let (lesson, which) = id.split_once('-')?;
        Some((number(lesson)?, number(which)?))
    };
    let wanted = numbers(id)?;
    EXERCISES
        .iter()
        .find(|exercise| numbers(exercise.id) == Some(wanted))
}

/// Asserts that an exercise is red on the lesson's own binary and green on our solution.
pub fn assert_exercise(id: &str, lesson_binary: impl AsRef<Path>) {
    let exercise = find(id).unwrap_or_else(|| panic!("there is no exercise {id}"));
    let (before, _) = run_against(exercise, lesson_binary.as_ref());
    assert!(
        matches!(before, Err(ref finding) if !matches!(finding, Finding::Died(_))),
        "exercise {id} is not red on the lesson itself: {}",
        describe(&before)
    );
    let solution = workshop::example(exercise.package(), exercise.example)
        .unwrap_or_else(|error| panic!("{error}"));
    let (after, transcript) = run_against(exercise, &solution);
    assert!(
        after.is_ok(),
        "exercise {id} is not green on our solution: {}\n{}",
        describe(&after),
        transcript.join("\n")
    );
}

fn run_against(exercise: &Exercise, binary: &Path) -> (Verdict, Vec<String>) {
    match Launch::lesson(binary, "").start(None) {
        Ok(server) => {
            let world = World::with(server);
            (exercise.run(&world), world.transcript.lines(Some(20)))
        }
        Err(error) => (Err(Finding::Died(error.to_string())), Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::LESSONS;

    #[test]
    fn an_exercise_is_found_with_and_without_its_zero() {
        assert_eq!(find("1-1").map(|exercise| exercise.id), Some("01-1"));
        assert_eq!(find("01-1").map(|exercise| exercise.id), Some("01-1"));
        assert!(find("1").is_none() && find("1-9").is_none() && find("x-1").is_none());
    }

    #[test]
    fn every_lesson_has_at_least_two_exercises_numbered_after_it() {
        for lesson in LESSONS {
            let its_own = EXERCISES
                .iter()
                .filter(|exercise| exercise.lesson == lesson.number);
            for (index, exercise) in its_own.clone().enumerate() {
                let id = format!("{:02}-{}", lesson.number, index + 1);
                assert_eq!(exercise.id, id);
                assert_eq!(
                    exercise.example,
                    format!("exercise_{}", id.replace('-', "_"))
                );
                assert_eq!(exercise.package(), lesson.package);
            }
            assert!(its_own.count() >= 2, "{}", lesson.package);
        }
    }
}
