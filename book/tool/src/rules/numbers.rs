//! A measured number comes from a run, and the run says where it was made.

use std::sync::LazyLock;

use regex::Regex;

use crate::finding::Finding;
use crate::page::Page;
use crate::tree::Tree;

/// What every file in `book/data` has to say about its run.
const STAMPS: [&str; 4] = ["machine", "kernel", "rustc", "commit"];

/// Checks the data files, and the prose for numbers that look measured.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files("book/data") {
        // A file that vanished meanwhile, or is no text, has no stamps either.
        findings.extend(stamps(&file, &tree.read(&file).unwrap_or_default()));
    }
    for page in &tree.pages {
        findings.extend(typed_by_hand(page));
    }
    findings
}

fn stamps(file: &str, text: &str) -> Option<Finding> {
    let missing: Vec<&str> = STAMPS
        .into_iter()
        .filter(|stamp| !has_stamp(text, stamp))
        .collect();
    (!missing.is_empty()).then(|| {
        Finding::new(
            file,
            1,
            format!("the run does not name its {}", missing.join(", ")),
            "Have the program that writes the file add lines such as `kernel: 6.1.0`",
        )
    })
}

/// `machine: something` in Markdown, `"machine": "something"` in JSON.
fn has_stamp(text: &str, stamp: &str) -> bool {
    let mut places = text.match_indices(stamp);
    places.any(|(at, _)| {
        let after = text[at + stamp.len()..].trim_start_matches(['"', '*', '`']);
        let value = after.strip_prefix(':').map(str::trim_start);
        value.is_some_and(|value| {
            let value = value.trim_start_matches(['"', '*', '`', ' ']);
            value.starts_with(|first: char| first.is_alphanumeric())
        })
    })
}

fn typed_by_hand(page: &Page) -> Vec<Finding> {
    static MEASURED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b[0-9][0-9.,_]*\s?(?:ns|µs|μs|us|ms|nanoseconds?|microseconds?|milliseconds?|req(?:uests)?\s?(?:/\s?s|per second)|rps|connections per second|[KMG]i?B(?:/s| per second))\b",
        )
        .expect("the pattern is valid")
    });
    static CODE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"`[^`]*`|<!--.*?-->").expect("the pattern is valid"));
    let not_run = page.fences.iter().filter(|fence| fence.has("norun"));
    let not_run = not_run.flat_map(|fence| {
        let lines = fence.body.iter().enumerate();
        lines.map(|(index, line)| (fence.line_of(index), fence.line, line.as_str()))
    });
    let prose = page
        .prose()
        .map(|(number, line)| (number, page.paragraph_start(number - 1) + 1, line));
    prose
        .chain(not_run)
        .filter_map(|(number, start, line)| {
            let text = CODE.replace_all(line, "");
            let found = MEASURED.find(&text)?.as_str().to_owned();
            let excused = [number, start]
                .into_iter()
                .any(|line| page.reason_above(line, "number").is_some());
            (!excused).then(|| {
                Finding::new(
                    &page.path,
                    number,
                    format!("{found:?} looks like a measured number typed by hand"),
                    "Include it from a file in book/data, or say above the line why it is none: \
                     <!-- number: it is the default of --delay -->",
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::{Planted, each_fault_is_found};

    #[test]
    fn unstamped_data_and_typed_numbers_are_found() {
        let page = "book/src/01-tiny.md";
        let data = "book/data/01-bench.md";
        each_fault_is_found(
            check,
            &[
                (data, "kernel: 6.1, ", "", "does not name its kernel"),
                (
                    data,
                    "commit: abcdef0",
                    "commit: ",
                    "does not name its commit",
                ),
                (
                    page,
                    "Measured numbers",
                    "It takes 312 ns. Measured numbers",
                    "\"312 ns\"",
                ),
                (
                    page,
                    "Measured numbers",
                    "It takes 1.5µs. Measured numbers",
                    "\"1.5µs\"",
                ),
                (
                    page,
                    "Measured numbers",
                    "9,000 requests per second. Measured numbers",
                    "requests per second",
                ),
                (page, "$ yes", "$ yes\ny 40 ms", "\"40 ms\""),
            ],
        );
    }

    #[test]
    fn numbers_in_code_and_numbers_with_a_reason_are_no_fault() {
        let planted = Planted::clean();
        planted.chapter(
            "Measured numbers",
            "See `?ms=500` and `500 ms`.\n\n<!-- number: a default -->\nIt waits\n20 ms.\n\n10 s, 20 items. Measured numbers",
        );
        assert_eq!(check(&planted.tree()), []);
    }

    #[test]
    fn data_of_any_kind_needs_its_stamps() {
        let planted = Planted::clean();
        planted.write("book/data/more/02.csv", "a,b\n");
        let findings = check(&planted.tree());
        assert!(findings.len() == 1 && findings[0].file == "book/data/more/02.csv");
    }

    #[test]
    fn json_carries_its_stamps_as_keys() {
        let json = r#"{"machine": "a", "kernel": "6", "rustc": "1", "commit": ""}"#;
        assert!(has_stamp(json, "machine") && has_stamp(json, "rustc"));
        assert!(!has_stamp(json, "commit"));
    }
}
