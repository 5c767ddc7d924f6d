//! Every listing is code of the repository, and the line above it says where it is.

use std::sync::LazyLock;

use regex::Regex;

use crate::finding::Finding;
use crate::include::{Directive, Part, anchor_end, anchor_start, directives, lines_taken};
use crate::page::{Fence, Page};
use crate::tree::Tree;

/// A listing: a `rust` fence whose one line includes a file.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// The page that holds it.
    pub page: &'a Page,
    /// The include.
    pub include: Directive,
    /// Whether the line above says "(shown again)".
    pub again: bool,
}

/// Every listing of the book, in the order of the pages.
pub fn listings(tree: &Tree) -> Vec<Listing<'_>> {
    let mut found = Vec::new();
    for page in &tree.pages {
        for fence in &page.fences {
            if let Some(include) = sole_include(page, fence) {
                let above = page.paragraph_above(fence.line);
                found.push(Listing {
                    page,
                    include,
                    again: above.is_some_and(|(_, text)| text.contains("(shown again)")),
                });
            }
        }
    }
    found
}

fn sole_include(page: &Page, fence: &Fence) -> Option<Directive> {
    let [_] = &fence.body[..] else { return None };
    directives(page).into_iter().find(|one| {
        fence.language == "rust" && one.line == fence.line_of(0) && one.word == "include"
    })
}

/// Checks `rust` fences, the lines above them, and what they include.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &tree.pages {
        for fence in &page.fences {
            match (sole_include(page, fence), fence.language.as_str()) {
                (Some(include), _) => {
                    findings.extend(where_line(page, fence, &include));
                    findings.extend(contents(tree, page, &include));
                }
                (None, "rust") => findings.extend(pasted(page, fence)),
                _ => findings.extend(code_in_another_fence(page, fence)),
            }
        }
    }
    findings
}

fn pasted(page: &Page, fence: &Fence) -> Option<Finding> {
    // The rule about sketches asks for the reason.
    (!fence.has("sketch")).then(|| {
        Finding::new(
            &page.path,
            fence.line,
            "this Rust is pasted, so it can drift from the code",
            "Include it by an anchor as the sole line of the fence, or tag it `rust,sketch` with \
             a reason above: <!-- sketch: why -->",
        )
    })
}

fn code_in_another_fence(page: &Page, fence: &Fence) -> Option<Finding> {
    let lines = fence.line..fence.line_of(fence.body.len());
    let include = directives(page)
        .into_iter()
        .find(|one| lines.contains(&one.line) && one.file.ends_with(".rs"))?;
    Some(Finding::new(
        &page.path,
        include.line,
        format!("a `{}` fence includes Rust", fence.language),
        "Make it ```rust with the include as its sole line",
    ))
}

/// The paragraph above: `*path*, part: …`.
fn where_line(page: &Page, fence: &Fence, include: &Directive) -> Option<Finding> {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\*([^*]+)\*, (`[^`]+`|whole file|lines [-0-9]+)(?: \(shown again\))?:")
            .expect("the pattern is valid")
    });
    let wanted = format!("*{}*, {}: …", include.file, include.part);
    let mend = format!("Begin the paragraph above with {wanted}");
    let Some((line, text)) = page.paragraph_above(fence.line) else {
        let wrong = "no line above this listing says where the code is";
        return Some(Finding::new(&page.path, fence.line, wrong, mend));
    };
    let Some(place) = PLACE.captures(&text) else {
        let wrong = "the line above the listing does not say where the code is";
        return Some(Finding::new(&page.path, line, wrong, mend));
    };
    if place[1] != include.file || place[2] != include.part.to_string() {
        let wrong = format!(
            "the text says {}, {}, the listing shows something else",
            &place[1], &place[2]
        );
        return Some(Finding::new(&page.path, line, wrong, mend));
    }
    None
}

/// What mdBook would spoil in the included text.
fn contents(tree: &Tree, page: &Page, include: &Directive) -> Option<Finding> {
    // What does not resolve is a finding of the rule about includes.
    let text = tree.read(&include.file).ok()?;
    let taken = lines_taken(&text, &include.part).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    if include.part == Part::Whole || matches!(include.part, Part::Lines(_)) {
        let marked = taken.iter().find(|&&number| {
            let line = lines[number - 1];
            anchor_start(line).is_some() || anchor_end(line).is_some()
        });
        if marked.is_some() {
            return Some(Finding::new(
                &page.path,
                include.line,
                format!(
                    "the listing of {} would show its ANCHOR lines",
                    include.file
                ),
                "Include it by anchors",
            ));
        }
    }
    let hidden = taken.into_iter().find(|number| {
        let line = lines[number - 1].trim_start();
        line == "#" || line.starts_with("# ") || line.starts_with("##")
    })?;
    Some(Finding::new(
        &include.file,
        hidden,
        "mdBook hides or changes a line of Rust that begins with `#` and a blank, or `##`",
        "Write the line differently",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Planted, each_fault_is_found};

    #[test]
    fn pasted_code_and_wrong_where_lines_are_found() {
        let page = "book/src/01-tiny.md";
        let source = "lessons/01-tiny/src/lib.rs";
        each_fault_is_found(
            check,
            &[
                (page, "rust,sketch", "rust", "is pasted"),
                (
                    page,
                    "lib.rs:answer}}",
                    "lib.rs:answer}}\n// and more",
                    "is pasted",
                ),
                (
                    page,
                    "`answer`: what",
                    "`anwser`: what",
                    "shows something else",
                ),
                (
                    page,
                    "*lessons/01-tiny/src/lib.rs*, `answer`",
                    "*lessons/01-tiny/src/main.rs*, `answer`",
                    "shows something else",
                ),
                (
                    page,
                    "*lessons/01-tiny/src/lib.rs*, `answer`: what it says.",
                    "The answer.",
                    "does not say where",
                ),
                (
                    page,
                    "*lessons/01-tiny/src/lib.rs*, `answer`: what it says.\n",
                    "<!-- nothing -->\n",
                    "no line above",
                ),
                (
                    page,
                    "```rust\n{{#include ../../lessons/01-tiny/src/lib.rs:answer",
                    "```text\n{{#include ../../lessons/01-tiny/src/lib.rs:answer",
                    "includes Rust",
                ),
                (
                    "lessons/support/src/lib.rs",
                    "pub fn",
                    "// ANCHOR: a\npub fn",
                    "ANCHOR lines",
                ),
                (source, "    Ok(", "# Ok(", "mdBook hides"),
            ],
        );
    }

    #[test]
    fn a_listing_knows_whether_it_shows_its_lines_again() {
        let planted = Planted::clean();
        planted.chapter("`answer`: what", "`answer` (shown again): what");
        let tree = planted.tree();
        assert_eq!(check(&tree), []);
        let again: Vec<bool> = listings(&tree).iter().map(|one| one.again).collect();
        assert_eq!(again, [false, true, false]);
    }
}
