//! The built book: links and anchors resolve, no directive is left over, nothing offers to run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use tempfile::TempDir;

use crate::finding::Finding;
use crate::include::plain;
use crate::page::{Kind, Page};
use crate::site;
use crate::tree::Tree;

/// Builds the book into a temporary folder and looks at its HTML.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let built = TempDir::new()
        .map_err(|error| format!("no temporary folder: {error}"))
        .and_then(|folder| site::build(&tree.root, folder.path()).map(|()| folder));
    let folder = match built {
        Ok(folder) => folder,
        Err(error) => {
            let wrong = format!("mdBook cannot build the book: {error}");
            return vec![Finding::new(
                "book/book.toml",
                1,
                wrong,
                "Mend what it names",
            )];
        }
    };
    let site = Site::read(tree, folder.path());
    let mut findings = Vec::new();
    for page in &tree.pages {
        // A page that SUMMARY does not name has no HTML; another rule says so.
        let Some(html) = site.pages.get(&html_name(&page.name)) else {
            continue;
        };
        findings.extend(left_over(page, &html.text));
        let links = html
            .links
            .iter()
            .filter_map(|link| site.dead(&page.name, link));
        findings.extend(links.map(|(link, wrong)| {
            let mend =
                "Correct the link; ids are as mdBook makes them: `#the-heading-in-lower-case`";
            Finding::new(&page.path, line_of(page, &link), wrong, mend)
        }));
    }
    findings
}

/// The HTML pages of a built book.
struct Site<'a> {
    folder: &'a Path,
    pages: BTreeMap<String, Html>,
}

/// What a page holds and points at.
struct Html {
    text: String,
    ids: BTreeSet<String>,
    links: BTreeSet<String>,
}

impl Site<'_> {
    fn read<'a>(tree: &Tree, folder: &'a Path) -> Site<'a> {
        let mut pages = BTreeMap::new();
        for page in &tree.pages {
            let name = html_name(&page.name);
            if let Ok(text) = std::fs::read_to_string(folder.join(&name)) {
                pages.insert(name, Html::read(text));
            }
        }
        Site { folder, pages }
    }

    /// The link and what is wrong with it, if it points nowhere.
    fn dead(&self, page: &str, link: &str) -> Option<(String, String)> {
        if link.contains("://") || link.starts_with("mailto:") || link.starts_with("data:") {
            return None;
        }
        let (path, id) = link.split_once('#').unwrap_or((link, ""));
        let path = path.split('?').next().unwrap_or_default();
        let folder = Path::new(page).parent().unwrap_or(Path::new(""));
        let target = match path {
            "" => html_name(page),
            _ => plain(&folder.join(path)),
        };
        if !self.folder.join(&target).is_file() {
            return Some((
                link.to_owned(),
                format!("the link {link} points to no file of the book"),
            ));
        }
        let html = self.pages.get(&target)?;
        let known = id.is_empty() || html.ids.contains(id);
        (!known).then(|| {
            (
                link.to_owned(),
                format!("the link {link} points to no heading or id"),
            )
        })
    }
}

impl Html {
    fn read(text: String) -> Html {
        static TAG: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"<[a-zA-Z][^>]*>").expect("the pattern is valid"));
        static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r#"\s(id|name|href|src)="([^"]*)""#).expect("the pattern is valid")
        });
        let (mut ids, mut links) = (BTreeSet::new(), BTreeSet::new());
        // What a writer can get wrong is in <main>; around it is mdBook's own.
        let start = text.find("<main").unwrap_or(0);
        let end = text.find("</main>").unwrap_or(text.len());
        for tag in TAG.find_iter(&text[start..end]) {
            for attribute in ATTRIBUTE.captures_iter(tag.as_str()) {
                match &attribute[1] {
                    "id" | "name" => ids.insert(attribute[2].to_owned()),
                    _ => links.insert(attribute[2].replace("&amp;", "&")),
                };
            }
        }
        Html { text, ids, links }
    }
}

fn html_name(page: &str) -> String {
    let stem = page.trim_end_matches(".md");
    // mdBook makes the README of a folder its index.
    format!(
        "{}.html",
        stem.strip_suffix("README")
            .map_or(stem.to_owned(), |folder| format!("{folder}index"))
    )
}

/// Directives that mdBook left in the page, and run buttons.
fn left_over(page: &Page, html: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let escaped = page
        .lines
        .iter()
        .map(|line| line.matches("\\{{#").count())
        .sum();
    if html.matches("{{#").count() > escaped {
        let line = page
            .lines
            .iter()
            .position(|line| line.contains("{{#"))
            .unwrap_or(0);
        findings.push(Finding::new(
            &page.path,
            line + 1,
            "a directive `{{#…}}` is left in the built page",
            "Correct it, or write \\{{# to show the directive itself",
        ));
    }
    if html.contains("<pre class=\"playground\"") {
        findings.push(Finding::new(
            &page.path,
            1,
            "a listing of the built page has a run button",
            "Keep `runnable = false` under [output.html.playground] in book/book.toml",
        ));
    }
    findings
}

/// The line of the page that holds a link; the page has `.md` where the HTML has `.html`.
fn line_of(page: &Page, link: &str) -> usize {
    let written = link.replace(".html", ".md");
    let mut lines = page.lines.iter().zip(&page.kinds);
    lines
        .position(|(line, kind)| {
            *kind == Kind::Text && (line.contains(&written) || line.contains(link))
        })
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Planted, each_fault_is_found};

    #[test]
    fn dead_links_left_over_directives_and_run_buttons_are_found() {
        let page = "book/src/01-tiny.md";
        each_fault_is_found(
            check,
            &[
                (
                    page,
                    "(support.md#support)",
                    "(gone.md)",
                    "points to no file",
                ),
                (
                    page,
                    "(support.md#support)",
                    "(support.md#gone)",
                    "points to no heading",
                ),
                (page, "(#the-code)", "(#the-codes)", "points to no heading"),
                (
                    page,
                    "{{#include ../data/01-bench.md}}",
                    "{{#include ../data/gone.md}}",
                    "left in the built page",
                ),
                (
                    page,
                    "```rust\n{{#include ../../lessons/01-tiny/src/lib.rs:answer",
                    "```rust,mdbook-runnable\n{{#include ../../lessons/01-tiny/src/lib.rs:answer",
                    "run button",
                ),
                (
                    "book/book.toml",
                    "runnable = false",
                    "runnable = true",
                    "run button",
                ),
                (
                    "book/src/SUMMARY.md",
                    "(support.md)",
                    "(gone.md)",
                    "mdBook cannot build",
                ),
            ],
        );
    }

    #[test]
    fn a_finding_points_at_the_line_of_the_link() {
        let planted = Planted::clean();
        planted.chapter("(support.md#support)", "(support.md#gone)");
        let tree = planted.tree();
        let finding = &check(&tree)[0];
        assert!(tree.pages[0].lines[finding.line - 1].contains("support.md#gone"));
    }

    #[test]
    fn an_escaped_directive_is_no_fault() {
        let planted = Planted::clean();
        planted.chapter("## The idea", "Write `\\{{#include a.rs}}`.\n\n## The idea");
        assert_eq!(check(&planted.tree()), []);
    }
}
