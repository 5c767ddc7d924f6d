//! One first-level heading a page, no level skipped, and no HTML block left open.

use crate::finding::Finding;
use crate::page::Page;
use crate::tree::Tree;

/// Checks the outline of every page.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &tree.pages {
        findings.extend(outline(page));
        findings.extend(
            ["details", "figure"]
                .into_iter()
                .filter_map(|tag| unbalanced(page, tag)),
        );
    }
    findings
}

fn outline(page: &Page) -> Vec<Finding> {
    let mut findings = Vec::new();
    let headings = page.headings();
    let titles = headings.iter().filter(|(_, level, _)| *level == 1).count();
    if titles != 1 || headings[0].1 != 1 {
        findings.push(Finding::new(
            &page.path,
            1,
            format!("the page has {titles} first-level headings, or does not begin with one"),
            "Begin it with one line `# Title` and use deeper levels below",
        ));
    }
    for pair in headings.windows(2) {
        let ((_, above, _), (line, level, text)) = (pair[0], pair[1]);
        if level > above + 1 {
            findings.push(Finding::new(
                &page.path,
                line,
                format!("the heading {text:?} jumps from level {above} to {level}"),
                format!("Make it level {}", above + 1),
            ));
        }
    }
    findings
}

fn unbalanced(page: &Page, tag: &str) -> Option<Finding> {
    let (opening, closing) = (format!("<{tag}"), format!("</{tag}>"));
    let mut open_since = Vec::new();
    for (number, line) in page.prose() {
        let opened = line.matches(&opening).count();
        open_since.extend(std::iter::repeat_n(number, opened));
        for _ in line.matches(&closing) {
            if open_since.pop().is_none() {
                let wrong = format!("{closing} closes nothing");
                return Some(Finding::new(
                    &page.path,
                    number,
                    wrong,
                    "Remove it, or open it before",
                ));
            }
        }
    }
    let line = *open_since.first()?;
    let wrong = format!("{opening}> is never closed");
    Some(Finding::new(
        &page.path,
        line,
        wrong,
        format!("Write {closing} after it"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::each_fault_is_found;

    #[test]
    fn wrong_outlines_are_found() {
        let page = "book/src/01-tiny.md";
        each_fault_is_found(
            check,
            &[
                (
                    page,
                    "# A tiny lesson\n",
                    "text\n",
                    "has 0 first-level headings",
                ),
                (
                    page,
                    "## Predict",
                    "# Predict",
                    "has 2 first-level headings",
                ),
                (
                    page,
                    "## The idea",
                    "### Detail\n\n##### Deeper\n\n## The idea",
                    "jumps from level 3 to 5",
                ),
                (
                    page,
                    "</details>\n\n## Study",
                    "\n\n## Study",
                    "<details> is never closed",
                ),
                (
                    page,
                    "## The idea",
                    "</figure>\n\n## The idea",
                    "</figure> closes nothing",
                ),
            ],
        );
    }
}
