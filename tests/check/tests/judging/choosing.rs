//! Which probes run, which count, and how many at a time.

use std::net::SocketAddr;

use crate::command::{THREE, check, on};
use crate::little::*;

/// A server that answers anything with a page: it has a must, a should and an opinion against it.
fn careless() -> SocketAddr {
    in_threads(good)
}

#[test]
fn known_failures_do_not_count_and_those_that_are_mended_are_named() {
    let address = careless().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known");
    std::fs::write(&file, "no-host # for ever\nhello # not any more\n").unwrap();
    let known = ["--known", file.to_str().unwrap()];
    let (text, code) = check(&on(&address, &[&known[..], &THREE[..]].concat()));
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("○ no-host") && text.contains("take it out of the file: hello"),
        "{text}"
    );
    std::fs::write(&file, "no-hots\n").unwrap();
    let (text, code) = check(&on(&address, &[&known[..], &THREE[..]].concat()));
    assert!(
        code == 2 && text.contains("Did you mean no-host?"),
        "{text}"
    );
}

#[test]
fn several_jobs_find_what_one_finds() {
    let server = check::workshop::binary("lesson03").unwrap();
    let run = format!("exec {} --addr 127.0.0.1:{{port}}", server.display());
    let names = [
        "hello",
        "no-host",
        "keep-alive",
        "date",
        "pipeline",
        "idle-cpu",
        "chunked",
    ];
    let signs = |jobs: &str| {
        let words = [&["--run", &run, "--jobs", jobs, "--only"], &names[..]].concat();
        let (text, _) = check(&words);
        let lines = text.lines().take_while(|line| !line.is_empty());
        let mut signs: Vec<_> = lines
            .map(|line| {
                line.split_whitespace()
                    .take(2)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        signs.sort();
        signs
    };
    let alone = signs("1");
    assert_eq!(alone.len(), names.len(), "{alone:?}");
    assert_eq!(signs("3"), alone);
}

#[test]
fn groups_and_patterns_choose_and_skip() {
    let address = careless().to_string();
    let (text, _) = check(&on(
        &address,
        &[
            "--only",
            "limits",
            "leng*",
            "--skip",
            "length-h*",
            "long-target",
        ],
    ));
    let names: Vec<_> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "huge-head",
            "many-fields",
            "length-twice",
            "lengths-differ",
            "length-list",
            "length-plus",
            "length-underscore",
            "length-negative",
            "length-empty",
            "length-and-chunked"
        ]
        .into_iter()
        .filter(|name| text.contains(name))
        .collect::<Vec<_>>()
    );
    assert!(!text.contains("length-huge") && !text.contains("length-hex"));
    let (text, code) = check(&on(&address, &["--skip", "limts"]));
    assert!(code == 2 && text.contains("Did you mean limits?"), "{text}");
}
