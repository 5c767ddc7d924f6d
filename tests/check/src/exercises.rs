//! The exercises of the chapters, each with a probe that is red before and green after.

mod solved;

use std::path::Path;

use crate::lessons;
use crate::outcome::{Finding, Verdict, describe};
use crate::server::Launch;
use crate::workshop;
use crate::world::World;

/// One exercise.
pub struct Exercise {
    /// Chapter and number: `02-1`.
    pub id: &'static str,
    /// The lesson that it adds to.
    pub lesson: u8,
    /// What it is called.
    pub title: &'static str,
    /// What to do.
    pub task: &'static str,
    /// A push in the right direction.
    pub hint: &'static str,
    /// Our solution, an example of the lesson's package.
    pub example: &'static str,
    probe: fn(&World) -> Verdict,
}

/// Every exercise, in order.
pub const EXERCISES: &[Exercise] = &[
    Exercise {
        id: "01-1",
        lesson: 1,
        title: "Tell the client who it is",
        task: "Let the body of the answer contain the client's own address and port, \
               as in `Hello, 127.0.0.1:50312!`.",
        hint: "The second half of the socket pair: `peer_addr`. Content-Length must follow the body.",
        example: "exercise_01_1",
        probe: solved::tells_the_client_who_it_is,
    },
    Exercise {
        id: "01-2",
        lesson: 1,
        title: "Drop the silent client",
        task: "Let a client that says nothing for a second be dropped, so that the next one is served.",
        hint: "`set_read_timeout` makes recv give up. What does the rest of the server do with that error?",
        example: "exercise_01_2",
        probe: solved::drops_the_silent_client,
    },
    Exercise {
        id: "02-1",
        lesson: 2,
        title: "A page that does not exist",
        task: "Answer `GET /` with 200 as before, and any other path with 404. \
               An empty path means `/`.",
        hint: "The parsed request knows its path. Is the query a part of it? \
               When is it empty?",
        example: "exercise_02_1",
        probe: solved::knows_which_page_exists,
    },
    Exercise {
        id: "02-2",
        lesson: 2,
        title: "Who is asking?",
        task: "Answer `GET /agent` with the value of the User-Agent field as text, \
               and with `unknown` when there is none.",
        hint: "Field names are compared without regard to case. The value is bytes, not text.",
        example: "exercise_02_2",
        probe: solved::answers_the_user_agent,
    },
    Exercise {
        id: "03-1",
        lesson: 3,
        title: "A middleware that asks for a password",
        task: "Wrap the demo application: without `Authorization: Basic dXNlcjpwYXNz` (user:pass) \
               answer 401 with `WWW-Authenticate: Basic …`, with it the application's own answer.",
        hint: "A middleware is an application that holds another one. It may call start_response itself, \
               or pass it on.",
        example: "exercise_03_1",
        probe: solved::asks_for_a_password,
    },
    Exercise {
        id: "03-2",
        lesson: 3,
        title: "Count lines without keeping them",
        task: "Answer `POST /lines` with the number of newline bytes in the body, in decimal. \
               The body may be larger than any buffer.",
        hint: "Read a piece, count, forget it. Content-Length says when to stop.",
        example: "exercise_03_2",
        probe: solved::counts_lines,
    },
    Exercise {
        id: "04-1",
        lesson: 4,
        title: "Greet by name",
        task: "Answer `GET /hello/{name}` with an HTML page that holds `Hello, NAME!`: \
               the name percent-decoded, then escaped for HTML.",
        hint: "Decode once, after the path was split at its slashes. Which characters mean something in HTML?",
        example: "exercise_04_1",
        probe: solved::greets_by_name,
    },
    Exercise {
        id: "04-2",
        lesson: 4,
        title: "A collection",
        task: "`POST /items` with JSON `{\"title\": \"x\"}` answers 201 with `Location: /items/1`; \
               `GET /items/1` answers that JSON, `GET /items/99` 404; a body that is not JSON, 400.",
        hint: "The items outlive a request, so they live beside the routes, behind a lock.",
        example: "exercise_04_2",
        probe: solved::keeps_a_collection,
    },
];

/// The exercise with this number.
pub fn find(id: &str) -> Option<&'static Exercise> {
    EXERCISES.iter().find(|exercise| exercise.id == id)
}

impl Exercise {
    /// The package of its lesson.
    pub fn package(&self) -> &'static str {
        // A test below proves that each exercise names a lesson of the list.
        lessons::numbered(self.lesson).map_or("", |lesson| lesson.package)
    }

    /// Runs its probe, and then asks the server once more.
    pub fn run(&self, world: &World) -> Verdict {
        (self.probe)(world)?;
        world.connect()?.leave();
        match world.has_exited() {
            true => Err(Finding::Died("the server process has ended".to_owned())),
            false => Ok(()),
        }
    }
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
