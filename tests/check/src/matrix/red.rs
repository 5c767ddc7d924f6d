//! The red cells: where a lesson falls short, why, and which lesson mends it.

mod table;

use super::expected::Expected;
use crate::probes::GROUPS;

pub use table::RED;

/// What stands for a lesson where a cell stays as it is to the end of the course.
pub const NO_LESSON: u8 = u8::MAX;

/// Cells that are not green: the same promise for several lessons and probes.
pub struct Red {
    /// The first lesson and the last.
    pub lessons: (u8, u8),
    /// What they do.
    pub expected: Expected,
    /// Why.
    pub reason: &'static str,
    /// The lesson that turns the cell green.
    pub mended_by: u8,
    /// Which probes.
    pub rows: Rows,
}

/// Some rows of the matrix.
pub enum Rows {
    /// Probes by name.
    Named(&'static [&'static str]),
    /// A whole group by title.
    Group(&'static str),
}

const fn red(
    lessons: (u8, u8),
    expected: Expected,
    mended_by: u8,
    reason: &'static str,
    rows: Rows,
) -> Red {
    Red {
        lessons,
        expected,
        reason,
        mended_by,
        rows,
    }
}

impl Rows {
    /// Whether a probe is among them.
    pub fn contain(&self, name: &str) -> bool {
        match self {
            Rows::Named(names) => names.contains(&name),
            Rows::Group(title) => GROUPS
                .iter()
                .filter(|group| group.title == *title)
                .any(|group| group.probes.iter().any(|probe| probe.name == name)),
        }
    }
}
