//! The matrix: what each lesson answers to each probe. The spine of the course.
//!
//! A cell is *ok* unless [`RED`] says otherwise. The red cells are promises as well: the tests
//! fail if a lesson does better than the course says.

mod column;
mod expected;
mod page;
mod red;
mod variant;

use crate::lessons;
use crate::probe::Probe;

pub use column::{assert_column, assert_variant};
pub use expected::Expected;
pub use page::render_markdown;
pub use red::{NO_LESSON, RED, Red, Rows};
pub use variant::{Column, VARIANTS, Variant, columns};

use Expected::{Absent, Stalls, Waits, Wrong};

/// One cell of the matrix.
#[derive(Clone, Copy)]
pub struct Cell {
    /// What is promised.
    pub expected: Expected,
    /// Why it is not ok; empty where it is.
    pub reason: &'static str,
    /// The lesson that turns it green, where it is not; [`NO_LESSON`] if none does.
    pub mended_by: u8,
}

impl Cell {
    /// Who mends it, in words that follow a reason.
    pub fn remedy(&self) -> String {
        match self.mended_by {
            NO_LESSON => "no lesson mends it".to_owned(),
            lesson => format!("lesson {lesson:02} mends it"),
        }
    }
}

/// What a lesson promises for a probe.
pub fn cell(probe: &Probe, lesson: u8) -> Cell {
    let red = RED.iter().find(|red| {
        (red.lessons.0..=red.lessons.1).contains(&lesson) && red.rows.contain(probe.name)
    });
    match red {
        Some(red) => Cell {
            expected: red.expected,
            reason: red.reason,
            mended_by: red.mended_by,
        },
        None => Cell {
            expected: Expected::Ok,
            reason: "",
            mended_by: lesson,
        },
    }
}

/// The lesson from which a probe is ok for good.
pub fn since(probe: &Probe) -> u8 {
    let reds = RED.iter().filter(|red| red.rows.contain(probe.name));
    reds.map(|red| red.mended_by).max().unwrap_or(1)
}

/// The lesson whose chapter explains what a lesson does in a probe.
pub fn explained_in(probe: &Probe, lesson: u8) -> u8 {
    let cell = cell(probe, lesson);
    match cell.expected {
        Expected::Ok => probe.lesson,
        // The chapter says who waits for whom in its server, and what that costs.
        Waits | Stalls => lesson,
        // The mistake is best explained where it is mended, if that is written.
        Wrong(_) | Absent => lessons::numbered(cell.mended_by).map_or(lesson, |by| by.number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::LESSONS;
    use crate::probes::{self, GROUPS};
    use crate::workshop::workspace;

    #[test]
    fn every_lesson_has_a_column_in_its_own_tests() {
        for lesson in LESSONS {
            let file = workspace().join(lesson.folder).join("tests/matrix.rs");
            let text = std::fs::read_to_string(&file)
                .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let call = format!(
                "check::matrix::assert_column({}, env!(\"CARGO_BIN_EXE_{}\"))",
                lesson.number, lesson.package
            );
            assert!(text.contains(&call), "{} lacks {call}", file.display());
        }
    }

    #[test]
    fn every_red_cell_names_rows_that_exist_and_a_later_lesson() {
        for red in RED {
            assert!(red.mended_by > red.lessons.1, "{}", red.reason);
            match &red.rows {
                Rows::Named(names) => {
                    for name in *names {
                        assert!(probes::find(name).is_some(), "no probe {name}");
                    }
                }
                Rows::Group(title) => {
                    assert!(GROUPS.iter().any(|group| group.title == *title), "{title}");
                }
            }
        }
    }

    #[test]
    fn no_cell_is_promised_twice() {
        for probe in probes::all() {
            for lesson in LESSONS {
                let promises = RED.iter().filter(|red| {
                    (red.lessons.0..=red.lessons.1).contains(&lesson.number)
                        && red.rows.contain(probe.name)
                });
                assert!(promises.count() <= 1, "{} {}", probe.name, lesson.package);
            }
        }
    }

    #[test]
    fn a_failure_is_explained_by_its_own_chapter_or_by_the_one_that_mends_it() {
        for (name, lesson, chapter) in [
            ("silent-client", 1, 1),
            ("silent-client", 2, 2),
            ("slow-application", 3, 3),
            ("slow-application", 4, 4),
            ("head-in-two-writes", 1, 2),
            ("head-in-two-writes", 3, 2),
            ("echo", 1, 3),
            ("hello", 4, 1),
        ] {
            let probe = probes::find(name).unwrap();
            assert_eq!(explained_in(probe, lesson), chapter, "{name} {lesson}");
        }
        for probe in probes::all() {
            for lesson in LESSONS {
                let promised = cell(probe, lesson.number).expected;
                let chapter = explained_in(probe, lesson.number);
                let written = lessons::numbered(chapter).is_some();
                assert!(written || promised == Expected::Ok, "{}", probe.name);
            }
        }
    }
}
