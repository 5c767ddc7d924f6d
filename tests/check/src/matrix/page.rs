//! The matrix as a page of the book.

use std::fmt::Write as _;

use super::{Cell, Expected, columns};
use crate::probes::GROUPS;

/// The whole matrix in Markdown: a table for each group of probes, cells readable without colour
/// (a sign and a word), and a numbered note for each reason.
pub fn render_markdown() -> String {
    let mut page = String::from(
        "# The matrix\n\n\
         What each lesson answers to each probe. Every cell is asserted by `cargo test` against \
         the real server, **the red ones too**: if a lesson did better than this page says, the \
         test would fail.\n\n\
         - ✓ **ok**: as it should be.\n\
         - ◷ **waits**: the second client is answered only after the server itself is done with the first.\n\
         - ‖ **stalls**: the second client is answered only after the first has left.\n\
         - ✗ **wrong**: any other answer, even if the standard leaves that choice and other servers \
         make it.\n\
         - – : the lesson has no such thing yet.\n\n\
         No cell says *dies*: no input may end a server. A number leads to the note that says why \
         the cell is red and which lesson mends it.\n",
    );
    let mut notes: Vec<Cell> = Vec::new();
    for group in GROUPS {
        write_group(&mut page, group, &mut notes);
    }
    page.push_str("\n## Notes\n\n");
    for (index, note) in notes.iter().enumerate() {
        let _ = writeln!(
            page,
            "{}. <a id=\"note-{}\"></a>{}. {}.",
            index + 1,
            index + 1,
            capitalised(note.reason),
            capitalised(&note.remedy())
        );
    }
    page
}

// Writing to a String cannot fail, so the results of `write!` are dropped in this module.
fn write_group(page: &mut String, group: &crate::probes::Group, notes: &mut Vec<Cell>) {
    let _ = writeln!(page, "\n## {}\n", group.title);
    page.push_str("| Probe | What happens |");
    for column in columns() {
        let _ = write!(page, " {} |", column.heading());
    }
    page.push_str("\n|---|---|");
    page.push_str(&"---|".repeat(columns().count()));
    page.push('\n');
    for probe in group.probes {
        let title = probe.title.replace('|', "\\|");
        let _ = write!(page, "| `{}` | {title} |", probe.name);
        for column in columns() {
            let _ = write!(page, " {} |", shown(column.cell(probe), notes));
        }
        page.push('\n');
    }
}

fn shown(cell: Cell, notes: &mut Vec<Cell>) -> String {
    let class = match cell.expected {
        Expected::Ok => return "<span class=\"cell-ok\">✓ ok</span>".to_owned(),
        Expected::Waits => ("waits", "◷ waits"),
        Expected::Stalls => ("stalls", "‖ stalls"),
        Expected::Wrong(_) => ("wrong", "✗ wrong"),
        Expected::Absent => ("absent", "–"),
    };
    let (class, words) = class;
    let number = note_number(cell, notes);
    format!(
        "<span class=\"cell-{class}\" title=\"{}\">{words}</span>&nbsp;<sup>[{number}](#note-{number})</sup>",
        cell.reason.replace('"', "&quot;")
    )
}

/// The same reason with the same remedy is one note.
fn note_number(cell: Cell, notes: &mut Vec<Cell>) -> usize {
    let same = |note: &Cell| note.reason == cell.reason && note.mended_by == cell.mended_by;
    let found = notes.iter().position(same).unwrap_or_else(|| {
        notes.push(cell);
        notes.len() - 1
    });
    found + 1
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probes;

    #[test]
    fn every_probe_is_a_row_and_every_note_is_referred_to() {
        let page = render_markdown();
        for probe in probes::all() {
            assert!(page.contains(&format!("| `{}` |", probe.name)));
        }
        let notes = page.matches("<a id=\"note-").count();
        assert!(notes > 5);
        for number in 1..=notes {
            assert!(page.contains(&format!("(#note-{number})")), "note {number}");
        }
    }

    #[test]
    fn every_row_of_a_table_has_a_cell_for_each_column() {
        let page = render_markdown();
        for line in page.lines().filter(|line| line.starts_with("| `")) {
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(bars, columns().count() + 3, "{line}");
        }
    }
}
