//! SUMMARY, the table in README and the list of lessons say the same.

use std::sync::LazyLock;

use check::lessons::Lesson;
use regex::Regex;

use crate::finding::Finding;
use crate::tree::Tree;

const SUMMARY: &str = "book/src/SUMMARY.md";
const README: &str = "README.md";

/// Compares both with the list, entry by entry and in order.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = entries(tree, SUMMARY, summary_entry, |lesson| {
        format!("- [{}]({})", lesson.title, lesson.chapter)
    });
    findings.extend(entries(tree, README, readme_row, |lesson| {
        format!(
            "| {:02} | [{}](book/src/{}) | `cargo run -p {}` | … |",
            lesson.number, lesson.title, lesson.chapter, lesson.package
        )
    }));
    findings.extend(orphans(tree));
    findings
}

/// Finds the entries of a file and compares them with what the list makes of each lesson.
fn entries(
    tree: &Tree,
    file: &str,
    entry_in: fn(&str) -> Option<String>,
    entry_of: fn(&Lesson) -> String,
) -> Vec<Finding> {
    let text = match tree.read(file) {
        Ok(text) => text,
        Err(error) => {
            return vec![Finding::new(
                file,
                1,
                format!("it cannot be read: {error}"),
                "Write it",
            )];
        }
    };
    let mut found = (1..)
        .zip(text.lines())
        .filter_map(|(number, line)| Some((number, entry_in(line)?)));
    let mut findings = Vec::new();
    for lesson in tree.lessons {
        let wanted = entry_of(lesson);
        let mend = format!("Write: {wanted}");
        match found.next() {
            Some((_, entry)) if entry == wanted => {}
            Some((line, entry)) => findings.push(Finding::new(
                file,
                line,
                format!("{entry} does not agree with the list of lessons"),
                mend,
            )),
            None => findings.push(Finding::new(
                file,
                text.lines().count(),
                format!("lesson {:02} is missing", lesson.number),
                mend,
            )),
        }
    }
    findings.extend(found.map(|(line, entry)| {
        Finding::new(
            file,
            line,
            format!("{entry} is not in the list of lessons"),
            "Add it to tests/check/src/lessons.rs, or remove it here",
        )
    }));
    findings
}

/// A chapter of a lesson is what SUMMARY numbers on its first level and names by a number.
fn summary_entry(line: &str) -> Option<String> {
    static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^- \[[^\]]+\]\((?:\./)?[0-9]{2}-[^)]+\)").expect("the pattern is valid")
    });
    Some(ENTRY.find(line)?.as_str().to_owned())
}

fn readme_row(line: &str) -> Option<String> {
    static ROW: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\|\s*([0-9]{2})\s*\|\s*(\[[^|]*)\|\s*([^|]*)\|")
            .expect("the pattern is valid")
    });
    let row = ROW.captures(line)?;
    Some(format!(
        "| {} | {} | {} | … |",
        &row[1],
        row[2].trim(),
        row[3].trim()
    ))
}

/// Pages that SUMMARY does not name are not in the book.
fn orphans(tree: &Tree) -> Vec<Finding> {
    let summary = tree.read(SUMMARY).unwrap_or_default();
    let named = |name: &str| {
        summary.contains(&format!("({name})")) || summary.contains(&format!("(./{name})"))
    };
    tree.pages
        .iter()
        .filter(|page| !named(&page.name))
        .map(|page| {
            Finding::new(
                &page.path,
                1,
                "SUMMARY.md does not name this page, so nobody will see it",
                format!("Add a line to {SUMMARY}"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Planted, each_fault_is_found};

    #[test]
    fn entries_that_disagree_with_the_list_are_found() {
        each_fault_is_found(
            check,
            &[
                (SUMMARY, "[A tiny lesson]", "[A lesson]", "does not agree"),
                (
                    SUMMARY,
                    "- [A tiny lesson](01-tiny.md)\n",
                    "",
                    "lesson 01 is missing",
                ),
                (
                    SUMMARY,
                    "(01-tiny.md)\n",
                    "(01-tiny.md)\n- [More](02-more.md)\n",
                    "not in the list",
                ),
                (
                    SUMMARY,
                    "[Glossary](glossary.md)\n",
                    "",
                    "does not name this page",
                ),
                (
                    README,
                    "`cargo run -p lesson01`",
                    "`cargo run -p lesson02`",
                    "does not agree",
                ),
                (README, "| 01 |", "| 02 |", "does not agree"),
                (README, "| 01 |", "| one |", "lesson 01 is missing"),
            ],
        );
    }

    #[test]
    fn a_repository_without_readme_is_found() {
        let planted = Planted::clean();
        std::fs::remove_file(planted.root().join(README)).unwrap();
        assert!(check(&planted.tree())[0].wrong.contains("cannot be read"));
    }
}
