//! Every line of code of every lesson is shown in its chapter, and shown once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::finding::Finding;
use crate::include::lines_taken;
use crate::rules::listings::listings;
use crate::source::scan;
use crate::tree::Tree;

/// Which lines of which file are shown, and where first.
type Shown = BTreeMap<(String, usize), String>;

/// Checks that the listings and the code are the same set of lines.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let shown = shown_lines(tree, &mut findings);
    for folder in tree.crates() {
        let page = tree.page_of(&folder);
        let mut files = tree.files(&format!("{folder}/src"));
        files.retain(|file| file.ends_with(".rs"));
        let tests = test_files(tree, &files);
        for file in files.iter().filter(|file| !tests.contains(*file)) {
            // A file that vanished between listing and reading has no lines to show.
            let text = tree.read(file).unwrap_or_default();
            let runs = hidden_runs(&text, |line| shown.contains_key(&(file.clone(), line)));
            findings.extend(runs.into_iter().map(|(first, last)| {
                not_shown(file, first, last, text.lines().nth(first - 1), &page)
            }));
        }
    }
    findings
}

fn shown_lines(tree: &Tree, findings: &mut Vec<Finding>) -> Shown {
    let mut shown = Shown::new();
    for listing in listings(tree) {
        let (page, include) = (listing.page, &listing.include);
        let Some(folder) = tree.crate_of(&include.file) else {
            continue;
        };
        if listing.again || !include.file.starts_with(&format!("{folder}/src/")) {
            continue;
        }
        if !tree.shows(&page.name, &folder) {
            findings.push(Finding::new(
                &page.path,
                include.line,
                format!("{} belongs to {}", include.file, tree.page_of(&folder)),
                "Show it there; here mark it in the line above the listing: (shown again)",
            ));
            continue;
        }
        // What does not resolve is a finding of the rule about includes.
        let text = tree.read(&include.file).unwrap_or_default();
        let code = scan(&text).code;
        let taken = lines_taken(&text, &include.part).unwrap_or_default();
        let here = format!("{}:{}", page.path, include.line);
        let mut before = None;
        for line in taken.into_iter().filter(|line| code.contains(line)) {
            let earlier = shown.insert((include.file.clone(), line), here.clone());
            before = before.or(earlier.map(|place| (line, place)));
        }
        if let Some((line, place)) = before {
            findings.push(Finding::new(
                &page.path,
                include.line,
                format!("line {line} of {} is also shown at {place}", include.file),
                "Shrink one of the two anchors, or mark the later listing: (shown again)",
            ));
        }
    }
    shown
}

/// The files that are test modules: `#[cfg(test)] mod name;` in the file above them.
fn test_files(tree: &Tree, files: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let path = Path::new(file);
        let folder = path.parent().unwrap_or(Path::new(""));
        let stem = path.file_stem().unwrap_or_default();
        let inside = match stem.to_str() {
            Some("lib" | "main" | "mod") => folder.to_owned(),
            _ => folder.join(stem),
        };
        for name in scan(&tree.read(file).unwrap_or_default()).test_files {
            for module in [format!("{name}.rs"), format!("{name}/mod.rs")] {
                found.insert(inside.join(module).to_string_lossy().into_owned());
            }
        }
    }
    found
}

fn not_shown(file: &str, first: usize, last: usize, text: Option<&str>, page: &str) -> Finding {
    let lines = match last - first {
        0 => "this line is".to_owned(),
        _ => format!("lines {first} to {last} are"),
    };
    Finding::new(
        file,
        first,
        format!(
            "{lines} shown nowhere: `{}`",
            text.unwrap_or_default().trim()
        ),
        format!("Put them between ANCHOR lines and include the anchor in book/src/{page}"),
    )
}

/// Runs of code lines that are not shown: the first and the last line of each.
fn hidden_runs(text: &str, is_shown: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut in_run = false;
    for line in scan(text).code {
        match (is_shown(line), runs.last_mut()) {
            (true, _) => {}
            (false, Some((_, last))) if in_run => *last = line,
            (false, _) => runs.push((line, line)),
        }
        in_run = !is_shown(line);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Planted, each_fault_is_found};

    #[test]
    fn lines_that_are_shown_nowhere_twice_or_elsewhere_are_found() {
        let page = "book/src/01-tiny.md";
        let source = "lessons/01-tiny/src/lib.rs";
        each_fault_is_found(
            check,
            &[
                (
                    source,
                    "// ANCHOR: answer\n",
                    "const X: u8 = 1;\n// ANCHOR: answer\n",
                    "lib.rs:6: this line is shown nowhere: `const X: u8 = 1;`",
                ),
                (
                    source,
                    "}\n// ANCHOR_END: answer\n",
                    "// ANCHOR_END: answer\n}\n",
                    "shown nowhere: `}`",
                ),
                (page, "lib.rs:imports}}", "lib.rs:answer}}", "also shown at"),
                (
                    page,
                    "`answer`: what",
                    "`answer` (shown again): what",
                    "lines 8 to 10 are shown nowhere",
                ),
                (
                    "book/src/glossary.md",
                    "## answer",
                    "```rust\n{{#include ../../lessons/01-tiny/src/lib.rs:answer}}\n```\n\n## answer",
                    "belongs to 01-tiny.md",
                ),
            ],
        );
    }

    #[test]
    fn showing_again_is_no_fault_when_it_is_said() {
        let planted = Planted::clean();
        planted.chapter(
            "## Run it",
            "*lessons/01-tiny/src/lib.rs*, `answer` (shown again): look.\n\n```rust\n{{#include ../../lessons/01-tiny/src/lib.rs:answer}}\n```\n\n## Run it",
        );
        assert_eq!(check(&planted.tree()), []);
    }

    #[test]
    fn files_that_are_test_modules_need_not_be_shown() {
        let planted = Planted::clean();
        planted.write("lessons/01-tiny/src/split.rs", "fn a() {}\n");
        assert_eq!(check(&planted.tree()).len(), 1);
        planted.replace(
            "lessons/01-tiny/src/lib.rs",
            "#[cfg(test)]",
            "#[cfg(test)]\nmod split;\n#[cfg(test)]",
        );
        assert_eq!(check(&planted.tree()), []);
    }
}
