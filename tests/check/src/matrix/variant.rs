//! Lessons that are started in another way than by default, each with a column of its own.

use super::{Cell, Expected, cell};
use crate::lessons::LESSONS;
use crate::probe::Probe;

/// A lesson started in another way.
#[derive(Debug, PartialEq, Eq)]
pub struct Variant {
    /// The lesson.
    pub lesson: u8,
    /// What it is called, behind the number of the lesson.
    pub name: &'static str,
    /// The flags that make the difference.
    pub flags: &'static str,
    /// The rows that are red in the lesson's own column, and ok in this one.
    pub mends: &'static [&'static str],
}

/// Every variant.
pub const VARIANTS: &[Variant] = &[Variant {
    lesson: 10,
    name: "with workers",
    flags: "--workers 8",
    mends: &["slow-application", "second-sigterm"],
}];

/// A column of the matrix: a lesson, perhaps in another way.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The lesson.
    pub lesson: u8,
    /// The other way, if it is one.
    pub variant: Option<&'static Variant>,
}

/// All columns, in order.
pub fn columns() -> impl Iterator<Item = Column> {
    LESSONS.iter().flat_map(|lesson| {
        let lesson = lesson.number;
        let its_own = VARIANTS.iter().filter(move |it| it.lesson == lesson);
        let variants = its_own.map(Some);
        let ways = std::iter::once(None).chain(variants);
        ways.map(move |variant| Column { lesson, variant })
    })
}

impl Column {
    /// What the column promises for a probe.
    pub fn cell(&self, probe: &Probe) -> Cell {
        let cell = cell(probe, self.lesson);
        match self.variant {
            Some(variant) if variant.mends.contains(&probe.name) => Cell {
                expected: Expected::Ok,
                reason: "",
                mended_by: self.lesson,
            },
            _ => cell,
        }
    }

    /// What stands above it.
    pub fn heading(&self) -> String {
        match self.variant {
            Some(variant) => format!("{:02} {}", self.lesson, variant.name),
            None => format!("{:02}", self.lesson),
        }
    }

    /// The flags with which its server is started for a probe.
    pub fn flags(&self, probe: &Probe) -> String {
        let flags = probe.flags_for(self.lesson);
        match self.variant {
            Some(variant) => format!("{} {flags}", variant.flags),
            None => flags,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probes;
    use crate::workshop::workspace;

    #[test]
    fn every_variant_has_a_column_in_the_tests_of_its_lesson() {
        for variant in VARIANTS {
            let lesson = crate::lessons::numbered(variant.lesson).unwrap();
            let file = workspace().join(lesson.folder).join("tests/matrix.rs");
            let text = std::fs::read_to_string(&file).unwrap();
            let call = format!(
                "check::matrix::assert_variant({}, \"{}\", env!(\"CARGO_BIN_EXE_{}\"))",
                lesson.number, variant.name, lesson.package
            );
            assert!(text.contains(&call), "{} lacks {call}", file.display());
        }
    }

    #[test]
    fn a_variant_mends_what_is_red_in_the_column_of_its_lesson_and_nothing_else() {
        for variant in VARIANTS {
            for name in variant.mends {
                let probe = probes::find(name).unwrap();
                assert_ne!(cell(probe, variant.lesson).expected, Expected::Ok, "{name}");
            }
        }
    }
}
