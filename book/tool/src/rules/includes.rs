//! Every include resolves, and none is empty. mdBook builds a page either way and says nothing.

use crate::finding::Finding;
use crate::include::{directives, lines_taken};
use crate::tree::Tree;

/// Checks every `{{#…}}` of every page.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for page in &tree.pages {
        for one in directives(page) {
            let finding =
                |wrong: String, mend: &str| Finding::new(&page.path, one.line, wrong, mend);
            match one.word.as_str() {
                "title" => continue,
                "include" => {}
                word => {
                    findings.push(finding(
                        format!("`{{{{#{word}}}}}` is not a directive of this book"),
                        "Use {{#include file:anchor}}, or write \\{{# to show the directive itself",
                    ));
                    continue;
                }
            }
            match tree.read(&one.file) {
                Err(error) => findings.push(finding(
                    format!("cannot include {}: {error}", one.file),
                    "Correct the path; it is seen from the folder of the page",
                )),
                Ok(text) => {
                    if let Err(reason) = lines_taken(&text, &one.part) {
                        findings.push(finding(
                            format!("{}, {}: {reason}", one.file, one.part),
                            "Correct the include, or the ANCHOR lines of the file",
                        ));
                    }
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::each_fault_is_found;

    #[test]
    fn missing_files_missing_anchors_and_empty_blocks_are_found() {
        let page = "book/src/01-tiny.md";
        let source = "lessons/01-tiny/src/lib.rs";
        each_fault_is_found(
            check,
            &[
                (
                    page,
                    "src/lib.rs:answer}}",
                    "src/gone.rs:answer}}",
                    "cannot include lessons/01-tiny/src/gone.rs",
                ),
                (
                    page,
                    "lib.rs:answer}}",
                    "lib.rs:anwser}}",
                    "no `ANCHOR: anwser`",
                ),
                (
                    page,
                    "{{#include ../data",
                    "{{#rustdoc_include ../data",
                    "not a directive",
                ),
                (
                    source,
                    "// ANCHOR_END: answer\n",
                    "",
                    "no `ANCHOR_END: answer`",
                ),
                (source, "use std::io;\n", "", "nothing in it"),
                (
                    "book/data/01-bench.md",
                    "It takes 12 ns.\n\nmachine: a box, kernel: 6.1, rustc: 1.95, commit: abcdef0\n",
                    "\n",
                    "nothing in it",
                ),
            ],
        );
    }
}
