//! Every chapter has the same sections in the same order, so that a reader knows where to look.
//!
//! There are two orders. The older one has the code in the chapter and builds the lesson's server
//! at once; the newer one lets the reader build a small server first, and shows the code on pages of
//! its own, the exercises on the last.

use check::lessons::Lesson;

use crate::finding::Finding;
use crate::page::Page;
use crate::rules::budget::reworked;
use crate::tree::Tree;

/// The second-level headings of a chapter in the older order.
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

/// The second-level headings of a chapter in the newer order.
pub const NEW_SECTIONS: [&str; 9] = [
    "See it",
    "By the end you will be able to",
    "The idea",
    "Build it",
    "What the small one cannot take",
    "The lesson's server",
    "Break it",
    "What it costs, what is still wrong",
    "What real servers do",
];

/// The second-level headings of the last page of such a chapter.
pub const LAST_SECTIONS: [&str; 2] = ["Exercises", "Study notes"];

/// The sections that fold something away: the answer, the hints.
const FOLDED: [&str; 3] = ["Predict", "See it", "Exercises"];

/// Checks the chapter of every lesson.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for lesson in tree.lessons {
        match tree.pages.iter().find(|page| page.name == lesson.chapter) {
            Some(page) if !reworked(lesson) => findings.extend(chapter(page, lesson.title)),
            Some(page) => findings.extend(new_chapter(tree, page, lesson)),
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
    let mut findings = titled(page, title);
    findings.extend(in_order(page, &SECTIONS));
    findings
}

fn new_chapter(tree: &Tree, page: &Page, lesson: &Lesson) -> Vec<Finding> {
    let mut findings = titled(page, lesson.title);
    findings.extend(in_order(page, &NEW_SECTIONS));
    let last = last_page(tree, lesson);
    if last.name == page.name {
        findings.push(Finding::new(
            &page.path,
            1,
            "this chapter has no last page, with exercises and study notes",
            format!("Write one, and name it in SUMMARY.md behind {}", page.name),
        ));
        return findings;
    }
    findings.extend(in_order(last, &LAST_SECTIONS));
    findings
}

/// The last page of a lesson, as SUMMARY has them; the chapter itself if it is the only one.
pub fn last_page<'a>(tree: &'a Tree, lesson: &Lesson) -> &'a Page {
    let summary = tree.read("book/src/SUMMARY.md").unwrap_or_default();
    let place = |page: &&Page| summary.find(&format!("({})", page.name));
    let its_own = tree.pages.iter();
    let its_own = its_own.filter(|page| tree.shows(&page.name, lesson.folder));
    // A lesson without any page is another finding, and has no page to look at.
    its_own.max_by_key(place).unwrap_or(&tree.pages[0])
}

fn titled(page: &Page, title: &str) -> Vec<Finding> {
    match page.headings().first().copied() {
        Some((line, 1, text)) if text != title => vec![Finding::new(
            &page.path,
            line,
            format!("the chapter is called {text:?}, the list of lessons says {title:?}"),
            "Make them agree (the list is tests/check/src/lessons.rs)",
        )],
        _ => Vec::new(),
    }
}

/// Checks that a page has these sections in this order, and no other.
fn in_order(page: &Page, sections: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let headings = page.headings();
    let mut found = headings.iter().filter(|(_, level, _)| *level == 2);
    for wanted in sections {
        let (line, text) = found
            .next()
            .map_or((page.lines.len(), "nothing"), |(line, _, text)| {
                (*line, text)
            });
        if text != *wanted {
            findings.push(Finding::new(
                &page.path,
                line,
                format!("the section {wanted:?} should be here, not {text:?}"),
                format!("The order is: {}", sections.join(" · ")),
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

    /// The chapter in the newer order, with a last page.
    fn reworked_chapter() -> Planted {
        let planted = Planted::clean();
        let sections: String = NEW_SECTIONS
            .iter()
            .map(|section| format!("## {section}\n\n"))
            .collect();
        let page = format!("# A tiny lesson\n\n{sections}")
            .replace("## See it\n", "## See it\n\n<details>\n</details>\n");
        planted
            .write("book/src/01-tiny.md", &page)
            .write("book/src/01-tiny-notes.md", "# Exercises and notes\n\n## Exercises\n\n<details>\n</details>\n\n## Study notes\n")
            .replace("book/src/SUMMARY.md", "(01-tiny.md)\n", "(01-tiny.md)\n  - [Notes](01-tiny-notes.md)\n");
        planted
    }

    fn found_in(planted: &Planted) -> Vec<Finding> {
        let tree = planted.tree();
        let page = tree.pages.iter().find(|page| page.name == "01-tiny.md");
        new_chapter(&tree, page.unwrap(), &tree.lessons[0])
    }

    #[test]
    fn a_reworked_chapter_has_its_own_order_and_a_last_page() {
        assert_eq!(found_in(&reworked_chapter()), []);
        let (page, notes) = ("book/src/01-tiny.md", "book/src/01-tiny-notes.md");
        for (path, from, to, words) in [
            (
                page,
                "## Build it",
                "## Make it",
                "\"Build it\" should be here, not \"Make it\"",
            ),
            (
                page,
                "## See it\n\n<details>\n</details>",
                "## See it",
                "\"See it\" folds nothing",
            ),
            (
                notes,
                "## Study notes",
                "## Notes",
                "\"Study notes\" should be here",
            ),
            (
                notes,
                "<details>\n</details>",
                "",
                "\"Exercises\" folds nothing",
            ),
            (
                "book/src/SUMMARY.md",
                "  - [Notes](01-tiny-notes.md)\n",
                "",
                "has no last page",
            ),
        ] {
            let planted = reworked_chapter();
            planted.replace(path, from, to);
            let findings = found_in(&planted);
            let found = findings.iter().any(|one| one.wrong.contains(words));
            assert!(found, "{from:?} -> {to:?}: no {words:?} in {findings:#?}");
        }
    }
}
