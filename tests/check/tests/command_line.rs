//! What the command prints and writes: which probes, how severe, for people and for machines.

mod little;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use check::opinions::OPINIONS;
use check::small::FOLDED;
use little::*;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn check(words: &[&str]) -> (String, i32) {
    check_in(words, &std::env::temp_dir())
}

/// Runs the command with a folder of its own for what it remembers.
fn check_in(words: &[&str], memory: &Path) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_check"))
        .args(words)
        .env("XDG_CACHE_HOME", memory)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap())
}

/// A server that answers anything with a page: it has a must, a should and an opinion against it.
fn careless() -> SocketAddr {
    in_threads(good)
}

const THREE: [&str; 5] = ["--only", "no-host", "fragment", "http-2.0", "hello"];

fn on<'a>(address: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["--addr", address], words].concat()
}

#[test]
fn only_a_must_fails_a_run_unless_it_is_strict() {
    let address = careless().to_string();
    let (text, code) = check(&on(&address, &["--only", "fragment", "http-2.0", "hello"]));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 ok, 1 should, 1 ours"), "{text}");
    let (text, code) = check(&on(&address, &["--strict", "--only", "fragment", "hello"]));
    assert_eq!(code, 1, "{text}");
    let (text, code) = check(&on(&address, &THREE));
    assert_eq!(code, 1, "{text}");
    let last = text.lines().rev().take(3).collect::<String>();
    assert!(
        last.contains("through lesson07") && last.contains("must: no-host"),
        "{text}"
    );
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

#[test]
fn failed_shows_failures_only() {
    let address = careless().to_string();
    let (text, _) = check(&on(&address, &[&["--failed"], &THREE[..]].concat()));
    assert!(text.starts_with("✗ no-host"), "{text}");
    assert!(!text.contains("✓ hello"), "{text}");
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
fn the_json_document_opens_and_says_what_the_lines_say() {
    let address = careless().to_string();
    let (text, code) = check(&on(&address, &[&["--json"], &THREE[..]].concat()));
    assert_eq!(code, 1);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["passed"], false);
    assert_eq!(document["complete"], true);
    assert_eq!(document["summary"]["must"], 1);
    let probes = document["probes"].as_array().unwrap();
    let of = |name: &str| probes.iter().find(|probe| probe["name"] == name).unwrap();
    assert_eq!(of("hello")["standing"], "ok");
    assert_eq!(of("hello")["severity"], Value::Null);
    assert_eq!(of("no-host")["severity"], "must");
    assert_eq!(of("no-host")["counts"], true);
    assert_eq!(of("fragment")["severity"], "should");
    assert_eq!(of("http-2.0")["severity"], "ours");
    assert!(
        of("no-host")["transcript"][0]
            .as_str()
            .unwrap()
            .starts_with("> GET / ")
    );
    assert!(of("no-host")["mend"].as_str().unwrap().contains("Host"));
}

#[test]
fn the_junit_report_has_a_case_for_each_probe() {
    let address = careless().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.xml");
    let words = [&["--junit", file.to_str().unwrap()], &THREE[..]].concat();
    let (_, code) = check(&on(&address, &words));
    assert_eq!(code, 1);
    let report = std::fs::read_to_string(&file).unwrap();
    assert_eq!(report.matches("<testcase ").count(), 4, "{report}");
    assert_eq!(report.matches("<failure ").count(), 1, "{report}");
    assert_eq!(report.matches("<skipped ").count(), 2, "{report}");
    assert!(report.contains("tests=\"4\" failures=\"1\""), "{report}");
    // As its readers do: every element that begins ends, in the right order.
    let mut open = Vec::new();
    for part in report.split('<').skip(2) {
        let tag = part.split('>').next().unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name.to_owned()), "{report}"),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap().to_owned()),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_small_server_is_shown_the_next_mend_and_how_far_it_has_come() {
    let memory = tempfile::tempdir().unwrap();
    let address = careless().to_string();
    let skip = "--skip waiting process leaks stopping garbage crowds bodies reuse";
    let words: Vec<_> = ["--small", "--through", "lesson02"]
        .into_iter()
        .chain(skip.split(' '))
        .collect();
    let (text, code) = check_in(&on(&address, &words), memory.path());
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("folded for a small server (`list` says why): http-1.2"),
        "{text}"
    );
    // The first in the order of mends, and no other, in full.
    assert_eq!(text.matches("    Mend: ").count(), 1, "{text}");
    assert!(text.contains("    Mend: Count the Host fields"), "{text}");
    assert!(text.contains("ok, next: no-host"), "{text}");
    let (text, _) = check_in(&on(&address, &words), memory.path());
    assert!(
        text.contains("  +0 since last time, next: no-host"),
        "{text}"
    );
}

#[test]
fn who_passes_is_offered_the_next_lesson() {
    let memory = tempfile::tempdir().unwrap();
    let address = careless().to_string();
    let words = [
        "--next",
        "--through",
        "lesson01",
        "--only",
        "hello",
        "line-ends",
    ];
    let (text, code) = check_in(&on(&address, &words), memory.path());
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("next: lesson 02, A request: --through lesson02"),
        "{text}"
    );
}

#[test]
fn a_silent_server_is_tried_twice_and_the_words_name_time_and_flag() {
    let mute = in_threads(|mut client| _ = client.read_to_end(&mut Vec::new()));
    let (text, _) = check(&[
        "--addr",
        &mute.to_string(),
        "--patience",
        "0.2",
        "--only",
        "hello",
    ]);
    assert!(
        text.contains("no answer within 0.4 s (--patience)"),
        "{text}"
    );
    assert!(text.contains("(tried twice)"), "{text}");
}

#[test]
fn a_run_ends_although_the_server_never_does() {
    let endless = in_threads(|mut client| {
        read_head(&mut client);
        say(&client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        let more = vec![b'x'; 1024 * 1024];
        while std::io::Write::write_all(&mut client, &more).is_ok() {}
    });
    let address = endless.to_string();
    let words = [
        "--limit",
        "1",
        "--patience",
        "0.3",
        "--only",
        "hello",
        "date",
        "connection-close",
    ];
    let (text, code) = check(&on(&address, &words));
    assert_eq!(code, 1, "{text}");
    assert_eq!(
        text.matches("must: unfinished: not done after").count(),
        6,
        "{text}"
    );
    assert!(text.contains("3 must"), "{text}");
}

#[test]
fn numbers_that_make_no_sense_are_refused_with_the_flag() {
    for words in [
        ["--patience", "0"],
        ["--patience", "-1"],
        ["--hold", "-0.5"],
        ["--limit", "nan"],
        ["--garbage", "0"],
        ["--garbage", "-3"],
        ["--workers", "0"],
        ["--jobs", "0"],
    ] {
        let (text, code) = check(&on("127.0.0.1:1", &words));
        assert_eq!(code, 2, "{words:?}: {text}");
        assert!(
            text.contains(words[0]) && !text.contains("unexpected argument"),
            "{words:?}: {text}"
        );
    }
}

#[test]
fn names_that_do_not_exist_are_answered_with_those_that_do() {
    let (text, code) = check(&on("127.0.0.1:1", &["--through", "lesson09"]));
    assert_eq!(code, 2);
    assert!(text.contains("There are lesson01 to lesson07."), "{text}");
    let (text, code) = check(&["exercise", "1-1"]);
    assert!(code == 0 && text.contains("Exercise 01-1"), "{text}");
    let (text, code) = check(&["--version"]);
    assert!(code == 0 && text.starts_with("check "), "{text}");
    let (text, code) = check(&on("127.0.0.1:1", &["--jobs", "2"]));
    assert!(code == 2 && text.contains("--jobs needs --run"), "{text}");
}

#[test]
fn opinions_and_what_is_folded_are_listed_with_their_reasons() {
    let (text, _) = check(&["list"]);
    let reasons = OPINIONS.iter().map(|opinion| opinion.reason);
    for reason in reasons.chain(FOLDED.iter().map(|folded| folded.reason)) {
        assert!(text.contains(reason), "{reason}");
    }
}

#[test]
fn ctrl_c_prints_the_summary_so_far() {
    // A thread for each client; one that drips its head is held for as long as --hold says.
    let address = in_turn(good).to_string();
    let words = [
        "--hold",
        "300",
        "--only",
        "hello",
        "date",
        "silent-client",
        "no-host",
    ];
    let mut checker = Command::new(env!("CARGO_BIN_EXE_check"))
        .args(on(&address, &words))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(checker.stdout.take().unwrap());
    for _ in 0..2 {
        output.read_line(&mut String::new()).unwrap();
    }
    let pid = Pid::from_raw(i32::try_from(checker.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(checker.wait().unwrap().code(), Some(130));
    assert!(rest.contains("through lesson07: 1 ok, 1 must"), "{rest}");
    assert!(rest.contains("(stopped after 2 of 4)"), "{rest}");
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
fn a_file_that_changes_lets_what_has_failed_run_again() {
    let address = careless().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.py");
    std::fs::write(&file, "one").unwrap();
    let words = [&["--watch", file.to_str().unwrap()], &THREE[..]].concat();
    let mut checker = Command::new(env!("CARGO_BIN_EXE_check"))
        .args(on(&address, &words))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(checker.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("Waiting for a change")));
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    std::fs::File::open(&file)
        .unwrap()
        .set_modified(later)
        .unwrap();
    let again: Vec<_> = lines
        .by_ref()
        .take_while(|line| !line.starts_with("Waiting for a change"))
        .filter(|line| line.starts_with(['✗', '✓', '!', '≈']))
        .collect();
    let _ = checker.kill();
    let _ = checker.wait();
    assert!(
        again.iter().any(|line| line.starts_with("✗ no-host")),
        "{again:?}"
    );
    assert!(
        !again.iter().any(|line| line.contains("hello")),
        "{again:?}"
    );
}
