//! What the command prints and writes: which probes, how severe, for people and for machines.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::command::{THREE, check, on};
use crate::little::*;
use check::lessons::LESSONS;
use check::opinions::OPINIONS;
use check::small::FOLDED;
use rustix::process::{Pid, Signal, kill_process};

/// A server that answers anything with a page: it has a must, a should and an opinion against it.
fn careless() -> SocketAddr {
    in_threads(good)
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
        last.contains(&through_the_last_lesson()) && last.contains("must: no-host"),
        "{text}"
    );
}

#[test]
fn failed_shows_failures_only() {
    let address = careless().to_string();
    let (text, _) = check(&on(&address, &[&["--failed"], &THREE[..]].concat()));
    assert!(text.starts_with("✗ no-host"), "{text}");
    assert!(!text.contains("✓ hello"), "{text}");
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
            text.contains(words[0]) && text.contains("it takes "),
            "{words:?}: {text}"
        );
    }
}

#[test]
fn names_that_do_not_exist_are_answered_with_those_that_do() {
    let (text, code) = check(&on("127.0.0.1:1", &["--through", "lesson99"]));
    assert_eq!(code, 2);
    let last = LESSONS.last().unwrap().package;
    assert!(
        text.contains(&format!("There are lesson01 to {last}.")),
        "{text}"
    );
    let (text, code) = check(&["exercise", "1-1"]);
    assert!(code == 0 && text.contains("Exercise 01-1"), "{text}");
    let (text, code) = check(&["--version"]);
    assert!(code == 0 && text.starts_with("web-server-check "), "{text}");
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
    let mut checker = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
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
    let through = through_the_last_lesson();
    assert!(rest.contains(&format!("{through}: 1 ok, 1 must")), "{rest}");
    assert!(rest.contains("(stopped after 2 of 4)"), "{rest}");
}

/// Without `--through` the last lesson is the measure.
fn through_the_last_lesson() -> String {
    format!("through {}", LESSONS.last().unwrap().package)
}
