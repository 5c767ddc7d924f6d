//! Every chapter has the same sections in the same order, so that a reader knows where to look.

use crate::finding::Finding;
use crate::page::Page;
use crate::tree::Tree;

/// The second-level headings of a chapter.
pub const SECTIONS: [&str; 11] = [
    "Where we are",
    "By the end you will be able to",
    "Predict",
    "The idea",
    "The code",
    "Run it",
    "Break it",
    "What it costs, what is still wrong",
    "What real servers do",
    "Exercises",
    "Study notes",
];

/// The sections that fold something away: the answer, the hints.
const FOLDED: [&str; 2] = ["Predict", "Exercises"];

/// Checks the chapter of every lesson.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lesson in tree.lessons {
        match tree.pages.iter().find(|page| page.name == lesson.chapter) {
            Some(page) => findings.extend(chapter(page, lesson.title)),
            None => findings.push(Finding::new(
                format!("book/src/{}", lesson.chapter),
                1,
                format!("the chapter of lesson {:02} does not exist", lesson.number),
                "Write it",
            )),
        }
    }
    findings
}

fn chapter(page: &Page, title: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let headings = page.headings();
    if let Some((line, 1, text)) = headings.first().copied()
        && text != title
    {
        findings.push(Finding::new(
            &page.path,
            line,
            format!("the chapter is called {text:?}, the list of lessons says {title:?}"),
            "Make them agree (the list is tests/check/src/lessons.rs)",
        ));
    }
    let mut found = headings.iter().filter(|(_, level, _)| *level == 2);
    for wanted in SECTIONS {
        let (line, text) = found
            .next()
            .map_or((page.lines.len(), "nothing"), |(line, _, text)| {
                (*line, text)
            });
        if text != wanted {
            findings.push(Finding::new(
                &page.path,
                line,
                format!("the section {wanted:?} should be here, not {text:?}"),
                format!("The order is: {}", SECTIONS.join(" · ")),
            ));
            return findings;
        }
    }
    if let Some((line, _, text)) = found.next() {
        findings.push(Finding::new(
            &page.path,
            *line,
            format!("the section {text:?} comes after the last one of a chapter"),
            "Move it into one of the sections, as a third level",
        ));
    }
    findings.extend(
        FOLDED
            .into_iter()
            .filter_map(|section| folded(page, section)),
    );
    findings
}

fn folded(page: &Page, section: &str) -> Option<Finding> {
    let lines = page.section(section)?;
    let line = lines.start;
    let has = page.lines[lines]
        .iter()
        .any(|line| line.contains("<details>"));
    (!has).then(|| {
        Finding::new(
            &page.path,
            line,
            format!("the section {section:?} folds nothing away"),
            "Put the answer or the hint into <details><summary>…</summary> … </details>",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Planted, each_fault_is_found};

    #[test]
    fn missing_moved_and_renamed_sections_are_found() {
        let page = "book/src/01-tiny.md";
        each_fault_is_found(
            check,
            &[
                (
                    page,
                    "# A tiny lesson",
                    "# Another",
                    "the list of lessons says",
                ),
                (
                    page,
                    "## Predict",
                    "## Guess",
                    "\"Predict\" should be here, not \"Guess\"",
                ),
                (page, "## Study notes", "### Study notes", "not \"nothing\""),
                (
                    page,
                    "## Study notes",
                    "## Study notes\n\n## More",
                    "comes after the last",
                ),
                (
                    page,
                    "<details><summary>Hint</summary>",
                    "",
                    "\"Exercises\" folds nothing",
                ),
                (
                    page,
                    "<details><summary>Answer</summary>",
                    "",
                    "\"Predict\" folds nothing",
                ),
            ],
        );
    }

    #[test]
    fn a_lesson_without_a_chapter_is_found() {
        let planted = Planted::clean();
        std::fs::remove_file(planted.root().join("book/src/01-tiny.md")).unwrap();
        assert!(check(&planted.tree())[0].wrong.contains("does not exist"));
    }
}
