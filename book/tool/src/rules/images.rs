//! Every image exists and says what it shows; a drawing is inlined, so that it knows the theme.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::finding::Finding;
use crate::include::plain;
use crate::page::Page;
use crate::tree::Tree;

/// Checks `![…](…)` and `<img …>` on every page.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &tree.pages {
        for (number, line) in page.prose() {
            for (alt, target) in images(line) {
                findings.extend(image(tree, page, number, &alt, &target));
            }
        }
    }
    findings
}

/// The alternative text and the target of each image of a line.
fn images(line: &str) -> Vec<(String, String)> {
    static IMAGE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)|<img\s([^>]*)>"#)
            .expect("the pattern is valid")
    });
    let attribute = |text: &str, name: &str| {
        let (_, after) = text.split_once(&format!("{name}=\""))?;
        Some(after.split('"').next()?.to_owned())
    };
    IMAGE
        .captures_iter(line)
        .map(|found| match found.get(3) {
            Some(html) => (
                attribute(html.as_str(), "alt").unwrap_or_default(),
                attribute(html.as_str(), "src").unwrap_or_default(),
            ),
            None => (found[1].to_owned(), found[2].to_owned()),
        })
        .collect()
}

fn image(tree: &Tree, page: &Page, line: usize, alt: &str, target: &str) -> Option<Finding> {
    let finding = |wrong: String, mend: &str| Some(Finding::new(&page.path, line, wrong, mend));
    if alt.trim().chars().count() < 15 {
        return finding(
            format!("the image {target} does not say what it shows"),
            "Describe it in its alternative text, in at least 15 characters",
        );
    }
    if target.contains("://") {
        return finding(
            format!("the image {target} is on another machine"),
            "Put a copy into book/src/figures",
        );
    }
    if target.ends_with(".svg") {
        return finding(
            format!("the drawing {target} cannot see the colours of the theme from an image"),
            "Inline it: <figure class=\"fig\">, {{#include …}}, <figcaption>…",
        );
    }
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let file = plain(&folder.join(target));
    match tree.root.join(&file).is_file() {
        true => None,
        false => finding(
            format!("the image {file} does not exist"),
            "Correct its path",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Planted, each_fault_is_found};

    #[test]
    fn images_without_text_or_file_are_found() {
        let page = "book/src/01-tiny.md";
        let at = "## The idea";
        each_fault_is_found(
            check,
            &[
                (
                    page,
                    at,
                    "## The idea\n\n![](a.png)",
                    "does not say what it shows",
                ),
                (
                    page,
                    at,
                    "## The idea\n\n<img src=\"a.png\" alt=\"short\">",
                    "does not say",
                ),
                (
                    page,
                    at,
                    "## The idea\n\n![a long enough text](a.png)",
                    "a.png does not exist",
                ),
                (
                    page,
                    at,
                    "## The idea\n\n![a long enough text](figures/01-tiny.svg)",
                    "colours of the theme",
                ),
                (
                    page,
                    at,
                    "## The idea\n\n![a long enough text](https://x.invalid/a.png)",
                    "another machine",
                ),
            ],
        );
    }

    #[test]
    fn an_image_that_exists_and_speaks_is_no_fault() {
        let planted = Planted::clean();
        planted.write("book/src/figures/a.png", "");
        planted.chapter(
            "## The idea",
            "![what the picture shows](figures/a.png)\n\n## The idea",
        );
        assert_eq!(check(&planted.tree()), []);
    }
}
