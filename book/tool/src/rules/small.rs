//! Every small server is shown: whole, or as differences that add up to its file, and with what the
//! checker finds in it.

use crate::finding::Finding;
use crate::hunks::applied;
use crate::include::{Directive, Part, directives};
use crate::page::{Fence, Page};
use crate::small::{FOLDER, Shown, grows_from, part_of, small_servers, typed};
use crate::tree::Tree;

/// Checks the small servers, and the fences that show differences.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = small_servers(tree)
        .iter()
        .flat_map(|shown| server(tree, shown))
        .collect();
    for page in &tree.pages {
        findings.extend(page.fences.iter().filter_map(|fence| mixed(page, fence)));
    }
    findings
}

fn server(tree: &Tree, shown: &Shown) -> Vec<Finding> {
    let pages = tree.pages.iter();
    let pages: Vec<&Page> = pages
        .filter(|page| tree.shows(&page.name, shown.lesson.folder))
        .collect();
    let mut findings = Vec::new();
    let is_whole = pages.iter().any(|page| shows_whole(page, &shown.file));
    match (is_whole, shown.small.grows_from) {
        (true, _) => {}
        (false, None) => findings.push(Finding::new(
            &shown.file,
            1,
            "this small server is shown nowhere",
            format!(
                "Include the whole file in a page of {}",
                shown.lesson.chapter
            ),
        )),
        (false, Some(_)) => findings.extend(grown(tree, shown, &pages)),
    }
    for other in shown.small.files_beside() {
        let file = format!("{}/examples/{other}", shown.lesson.folder);
        if !pages.iter().any(|page| shows_whole(page, &file)) {
            let wrong = "what a small server is typed together with is shown nowhere";
            let mend = format!(
                "Include the whole file in a page of {}",
                shown.lesson.chapter
            );
            findings.push(Finding::new(file, 1, wrong, mend));
        }
    }
    let verdict = format!("{FOLDER}/{}.txt", shown.small.name);
    let is_included = |page: &&Page| directives(page).iter().any(|one| one.file == verdict);
    if !pages.iter().any(is_included) {
        findings.push(Finding::new(
            &shown.file,
            1,
            "what the checker finds in this small server is shown nowhere",
            format!("Include {verdict} in a page of {}", shown.lesson.chapter),
        ));
    }
    findings
}

/// A server that grows: its parts are shown in order, and add up.
fn grown(tree: &Tree, shown: &Shown, pages: &[&Page]) -> Vec<Finding> {
    let parts = pages.iter().flat_map(|page| {
        let all = directives(page).into_iter();
        all.map(|one| (page.path.clone(), one))
    });
    let parts: Vec<(String, Directive)> = parts
        .filter(|(_, one)| part_of(&one.file).is_some_and(|(name, _)| name == shown.small.name))
        .collect();
    let (page, line) = parts
        .first()
        .map_or((shown.file.clone(), 1), |(page, one)| {
            (page.clone(), one.line)
        });
    let hunks: Vec<String> = parts
        .iter()
        .map(|(_, one)| tree.read(&one.file).unwrap_or_default())
        .collect();
    let before = grows_from(tree, shown.small).unwrap_or_default();
    let reason = match applied(&before, &hunks) {
        Ok(lines) if lines == typed(tree, &shown.file) => return Vec::new(),
        Ok(_) => "something is missing".to_owned(),
        Err(reason) => reason,
    };
    let wrong = format!(
        "the differences that are shown do not add up to {}: {reason}",
        shown.file
    );
    let mend = format!(
        "Include every {FOLDER}/{}-….diff once, in order (cargo run -p book -- small writes them)",
        shown.small.name
    );
    vec![Finding::new(page, line, wrong, mend)]
}

/// Whether a fence of the page shows this file and nothing else.
fn shows_whole(page: &Page, file: &str) -> bool {
    let includes = directives(page);
    page.fences.iter().any(|fence| {
        let here = includes.iter().find(|one| one.line == fence.line_of(0));
        fence.body.len() == 1 && here.is_some_and(|one| one.file == file && one.part == Part::Whole)
    })
}

/// Whether a fence shows parts of differences, and nothing else but `…` between them.
pub(crate) fn shows_a_difference(page: &Page, fence: &Fence) -> bool {
    let includes = directives(page);
    let is_part = |line: usize| {
        let here = includes.iter().find(|one| one.line == line);
        here.is_some_and(|one| part_of(&one.file).is_some())
    };
    let mut lines = fence.body.iter().enumerate();
    fence.language == "diff"
        && !fence.body.is_empty()
        && lines.all(|(index, line)| line == "…" || is_part(fence.line_of(index)))
}

/// A part of a difference in a fence where something else stands as well.
fn mixed(page: &Page, fence: &Fence) -> Option<Finding> {
    let lines = fence.line..=fence.line_of(fence.body.len());
    let part = directives(page)
        .into_iter()
        .find(|one| lines.contains(&one.line) && part_of(&one.file).is_some())?;
    (!shows_a_difference(page, fence)).then(|| {
        Finding::new(
            &page.path,
            part.line,
            "this fence shows a difference and something else",
            "Let it be ```diff with nothing but includes of parts, and `…` between them",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated;
    use crate::planted::Planted;

    const DRAFT: &str = "//! A draft.\n\nfn main() {\n    one();\n    two();\n    three();\n    four();\n    five();\n    5 + 0;\n    six();\n}\n";

    /// A chapter with a small server, and one that grows from it in two places.
    fn planted() -> Planted {
        let planted = Planted::clean();
        let grown = DRAFT
            .replace("A draft", "Grown")
            .replace("one", "1")
            .replace("six", "6");
        planted
            .write("lessons/01-tiny/examples/small01_draft.rs", DRAFT)
            .write("lessons/01-tiny/examples/small01.rs", &grown)
            .write("book/small/small01_draft.txt", "✓ 1  hello\n")
            .write("book/small/small01.txt", "✓ 1  hello\n")
            .chapter("## Run it", "*lessons/01-tiny/examples/small01_draft.rs*, whole file: a draft.\n\n```rust\n{{#include ../../lessons/01-tiny/examples/small01_draft.rs}}\n```\n\n```diff\n{{#include ../small/small01-1.diff}}\n…\n{{#include ../small/small01-2.diff}}\n```\n\n```text\n{{#include ../small/small01_draft.txt}}\n```\n\n```text\n{{#include ../small/small01.txt}}\n```\n\n## Run it");
        let tree = planted.tree();
        for file in generated::differences(&tree) {
            file.write(&tree).unwrap();
        }
        planted
    }

    #[test]
    fn a_server_that_is_shown_whole_and_one_whose_differences_add_up_are_no_fault() {
        let tree = planted().tree();
        assert_eq!(check(&tree), []);
        assert_eq!(crate::rules::fences::check(&tree), []);
        assert_eq!(generated::check(&tree, &generated::differences(&tree)), []);
    }

    #[test]
    fn what_is_not_shown_or_does_not_add_up_is_found() {
        let page = "book/src/01-tiny.md";
        for (path, from, to, words) in [
            (
                page,
                "{{#include ../../lessons/01-tiny/examples/small01_draft.rs}}",
                "x",
                "is shown nowhere",
            ),
            (
                page,
                "\n…\n{{#include ../small/small01-2.diff}}",
                "",
                "something is missing",
            ),
            (
                page,
                "{{#include ../small/small01-1.diff}}\n…\n{{#include ../small/small01-2.diff}}",
                "{{#include ../small/small01-2.diff}}\n…\n{{#include ../small/small01-1.diff}}",
                "hunk 2 does not fit",
            ),
            (page, "\n…\n", "\n+ one more line\n", "and something else"),
            (page, "```diff\n", "```text\n", "and something else"),
            (
                page,
                "{{#include ../small/small01.txt}}",
                "✓ all of it",
                "what the checker finds",
            ),
            (
                "book/small/small01-1.diff",
                "+    1();",
                "+    2();",
                "something is missing",
            ),
            (
                "lessons/01-tiny/examples/small01.rs",
                "two",
                "too",
                "something is missing",
            ),
            (
                "lessons/01-tiny/examples/small01_draft.rs",
                "    one();\n",
                "",
                "hunk 1 does not fit",
            ),
        ] {
            let planted = planted();
            planted.replace(path, from, to);
            let findings = check(&planted.tree());
            let found = findings.iter().any(|one| one.to_string().contains(words));
            assert!(found, "{from:?} -> {to:?}: no {words:?} in {findings:#?}");
        }
    }

    #[test]
    fn a_difference_that_was_typed_by_hand_still_needs_its_reason() {
        let planted = planted();
        planted.chapter("{{#include ../small/small01-1.diff}}\n…", "-one\n+two");
        let findings = crate::rules::fences::check(&planted.tree());
        assert!(
            findings[0].wrong.contains("does not say why"),
            "{findings:?}"
        );
    }
}
