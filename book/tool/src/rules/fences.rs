//! Every fence names its language, and what is not checked says why.

use crate::finding::Finding;
use crate::page::{Fence, Page};
use crate::rules::small::shows_a_difference;
use crate::tree::Tree;

/// Checks languages, and the reasons of sketches and of transcripts that are not run.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &tree.pages {
        for fence in &page.fences {
            findings.extend(language(page, fence));
            findings.extend(reason(page, fence));
        }
    }
    findings
}

fn language(page: &Page, fence: &Fence) -> Option<Finding> {
    fence.language.is_empty().then(|| {
        Finding::new(
            &page.path,
            fence.line,
            "this fence names no language",
            "Name one: rust, console, python, c, sh, toml, json, http, or text",
        )
    })
}

fn reason(page: &Page, fence: &Fence) -> Option<Finding> {
    let word = match fence.language.as_str() {
        "rust" if fence.has("sketch") => "sketch",
        "diff" if shows_a_difference(page, fence) => return None,
        "diff" => "sketch",
        _ if fence.has("norun") => "norun",
        _ => return None,
    };
    if page.reason_above(fence.line, word).is_some() {
        return None;
    }
    let wrong = match word {
        "sketch" => "this code is not in the repository and does not say why",
        _ => "this transcript is not run and does not say why",
    };
    let mend = format!("Write directly above it: <!-- {word}: the reason -->");
    Some(Finding::new(&page.path, fence.line, wrong, mend))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::each_fault_is_found;

    #[test]
    fn fences_without_language_or_reason_are_found() {
        let page = "book/src/01-tiny.md";
        each_fault_is_found(
            check,
            &[
                (page, "```rust,sketch", "```", "names no language"),
                (
                    page,
                    "## The idea",
                    "## The idea\n\n```diff\n-a\n```",
                    "does not say why",
                ),
                (
                    page,
                    "<!-- sketch: what it could say -->",
                    "<!-- sketch: -->",
                    "not in the repository",
                ),
                (
                    page,
                    "<!-- norun: it never ends -->",
                    "",
                    "is not run and does not say why",
                ),
                (
                    page,
                    "<!-- norun: it never ends -->",
                    "<!-- sketch: it never ends -->",
                    "is not run",
                ),
            ],
        );
    }
}
