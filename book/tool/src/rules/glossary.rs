//! Every term of the study notes is in the glossary, and they link to each other.

use std::sync::LazyLock;

use check::lessons::Lesson;
use regex::Regex;

use crate::finding::Finding;
use crate::page::Page;
use crate::tree::Tree;

/// Checks the terms of every chapter, and that the glossary is in order.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let empty = Page::new("glossary.md", "");
    let glossary = tree.pages.iter().find(|page| page.name == "glossary.md");
    let glossary = glossary.unwrap_or(&empty);
    let mut findings: Vec<Finding> = tree
        .lessons
        .iter()
        .flat_map(|lesson| pages_with_notes(tree, lesson))
        .flat_map(|page| {
            terms(page)
                .into_iter()
                .filter_map(|term| look_up(page, glossary, &term))
        })
        .collect();
    findings.extend(order(glossary));
    findings
}

/// The study notes of a lesson are in its chapter, or on its last page.
fn pages_with_notes<'a>(tree: &'a Tree, lesson: &Lesson) -> impl Iterator<Item = &'a Page> {
    let folder = lesson.folder;
    let pages = tree.pages.iter();
    pages
        .filter(move |page| tree.shows(&page.name, folder) && page.section("Study notes").is_some())
}

struct Term {
    line: usize,
    name: String,
    linked: bool,
}

/// The list items `- **term** — …` of the study notes.
fn terms(page: &Page) -> Vec<Term> {
    static ITEM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\s*[-*] \*\*(?:\[([^\]]+)\]\(glossary\.md#[^)]+\)|([^*]+))\*\*")
            .expect("the pattern is valid")
    });
    let lines = page.section("Study notes").unwrap_or(0..0);
    let start = lines.start;
    let numbered = page.lines[lines].iter().enumerate();
    numbered
        .filter_map(|(index, line)| {
            let item = ITEM.captures(line)?;
            let linked = item.get(1).is_some();
            let name = item.get(1).or(item.get(2))?.as_str();
            Some(Term {
                line: start + index + 1,
                name: name.trim().to_owned(),
                linked,
            })
        })
        .collect()
}

fn look_up(page: &Page, glossary: &Page, term: &Term) -> Option<Finding> {
    let finding =
        |wrong: String, mend: String| Some(Finding::new(&page.path, term.line, wrong, mend));
    let Some(entry) = glossary.section(&term.name) else {
        return finding(
            format!("the glossary has no entry {:?}", term.name),
            format!(
                "Add `## {}` to book/src/glossary.md, in its place in the alphabet",
                term.name
            ),
        );
    };
    if !term.linked {
        return finding(
            format!("the term {:?} does not link to the glossary", term.name),
            format!("Write - **[{}](glossary.md#…)** — …", term.name),
        );
    }
    let stem = page.name.trim_end_matches(".md");
    let back = glossary.lines[entry]
        .iter()
        .any(|line| line.contains(&format!("]({stem}")));
    match back {
        true => None,
        false => finding(
            format!(
                "the glossary's entry {:?} does not link back to this chapter",
                term.name
            ),
            format!("Add a link to {} there", page.name),
        ),
    }
}

fn order(glossary: &Page) -> Option<Finding> {
    let headings = glossary.headings();
    let terms: Vec<_> = headings
        .iter()
        .filter(|(_, level, _)| *level == 2)
        .collect();
    let key = |text: &str| text.trim_matches('`').to_lowercase();
    let pair = terms
        .windows(2)
        .find(|pair| key(pair[0].2) > key(pair[1].2))?;
    Some(Finding::new(
        &glossary.path,
        pair[1].0,
        format!("{:?} comes after {:?}", pair[1].2, pair[0].2),
        "Keep the glossary in alphabetical order",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::each_fault_is_found;

    #[test]
    fn terms_without_entry_or_link_are_found() {
        let page = "book/src/01-tiny.md";
        let glossary = "book/src/glossary.md";
        each_fault_is_found(
            check,
            &[
                (
                    page,
                    "**[answer](glossary.md#answer)**",
                    "**answer**",
                    "does not link to the glossary",
                ),
                (
                    page,
                    "**[answer](glossary.md#answer)**",
                    "**backlog**",
                    "no entry \"backlog\"",
                ),
                (glossary, "## answer", "## question", "no entry \"answer\""),
                (
                    glossary,
                    "([chapter 1](01-tiny.md#study-notes))",
                    "",
                    "does not link back",
                ),
                (
                    glossary,
                    "## answer",
                    "## zombie\n\nx\n\n## answer",
                    "\"answer\" comes after",
                ),
            ],
        );
    }
}
