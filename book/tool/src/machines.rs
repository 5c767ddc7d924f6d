//! What was lost on many machines, as a table, from what `cargo run -p many` has written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kit::stamp::Stamp;
use serde::Deserialize;

use crate::million::grouped;
use crate::tree::Tree;

#[derive(Deserialize)]
struct Run {
    stamp: Stamp,
    left_out: Vec<String>,
    acts: Vec<Act>,
}

#[derive(Deserialize)]
struct Act {
    name: String,
    get: Count,
    post: Count,
}

#[derive(Deserialize)]
struct Count {
    requests: usize,
    lost: usize,
    reasons: BTreeMap<String, usize>,
    longest_gap_ms: u64,
    slowest_ms: u64,
}

/// The table; a sentence in its place if nothing was measured.
pub fn table(tree: &Tree) -> String {
    let text = tree.read("book/data/many.json").unwrap_or_default();
    match serde_json::from_str(&text) {
        Ok(run) => table_of(&run),
        Err(_) => {
            "Nobody has run it yet: `cargo run -p many -- --json book/data/many.json`.\n".to_owned()
        }
    }
}

fn table_of(run: &Run) -> String {
    let mut text = String::from(
        "<!-- Written by `cargo run -p book -- million`. -->\n\n\
         | what happens | | requests | lost | slowest answer | longest time without one | why lost |\n\
         |---|---|--:|--:|--:|--:|---|\n",
    );
    for act in &run.acts {
        let mut name = act.name.as_str();
        for (kind, count) in [("GET", &act.get), ("POST", &act.post)] {
            let reasons = count.reasons.iter();
            let reasons: Vec<String> = reasons
                .map(|(reason, count)| format!("{count} × {reason}"))
                .collect();
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {name} | {kind} | {} | {} | {} ms | {} ms | {} |",
                grouped(count.requests as f64, 0),
                count.lost,
                grouped(count.slowest_ms as f64, 0),
                grouped(count.longest_gap_ms as f64, 0),
                reasons.join(", "),
            );
            name = "";
        }
    }
    for what in &run.left_out {
        let _ = write!(text, "\nLeft out: {what}.\n");
    }
    let _ = write!(text, "\n{}\n", run.stamp.line());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scene_has_a_row_for_what_may_be_repeated_and_one_for_what_may_not() {
        let run = r#"{
            "stamp": {"machine": "m", "kernel": "k", "rustc": "r", "commit": "c"},
            "left_out": ["one cut off"],
            "acts": [{
                "name": "one killed", "notes": [], "cells": [], "remark": null,
                "get": {"requests": 2000, "lost": 0, "reasons": {},
                        "longest_gap_ms": 20, "slowest_ms": 1200},
                "post": {"requests": 500, "lost": 3, "reasons": {"502": 3},
                         "longest_gap_ms": 40, "slowest_ms": 90}
            }]
        }"#;
        let text = table_of(&serde_json::from_str(run).unwrap());
        assert!(
            text.contains("| one killed | GET | 2\u{202f}000 | 0 | 1\u{202f}200 ms | 20 ms |  |")
        );
        assert!(text.contains("|  | POST | 500 | 3 | 90 ms | 40 ms | 3 × 502 |"));
        assert!(text.contains("Left out: one cut off.") && text.contains("machine: m"));
    }
}
