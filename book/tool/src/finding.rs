//! What a rule says when the book breaks it.

use std::fmt::{self, Display};

/// One thing that is wrong, where it is, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, seen from the root of the repository.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: usize,
    /// What is wrong, without a full stop.
    pub wrong: String,
    /// How to mend it, without a full stop.
    pub mend: String,
}

impl Finding {
    /// A finding at `file:line`.
    pub fn new(
        file: impl Into<String>,
        line: usize,
        wrong: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        Finding {
            file: file.into(),
            line,
            wrong: wrong.into(),
            mend: mend.into(),
        }
    }
}

impl Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding {
            file,
            line,
            wrong,
            mend,
        } = self;
        // A difference between transcripts has lines of its own, and ends with one.
        let stop = if wrong.contains('\n') { "\n" } else { ". " };
        write!(out, "{file}:{line}: {}{stop}{mend}.", wrong.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_place_fault_and_remedy() {
        let finding = Finding::new("book/src/a.md", 3, "a fence names no language", "Add one");
        assert_eq!(
            finding.to_string(),
            "book/src/a.md:3: a fence names no language. Add one."
        );
    }
}
