//! One thing to mend at a time: `--small`, `--next`, `--watch`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::command::{THREE, check_in, on};
use crate::little::*;

/// A server that answers anything with a page: it has a must, a should and an opinion against it.
fn careless() -> SocketAddr {
    in_threads(good)
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
    assert!(
        text.contains("    Mend: Look at the request line"),
        "{text}"
    );
    assert!(text.contains("ok, next: bad-version"), "{text}");
    let (text, _) = check_in(&on(&address, &words), memory.path());
    assert!(
        text.contains("  +0 since last time, next: bad-version"),
        "{text}"
    );
}

#[test]
fn the_one_line_that_clears_several_probes_comes_first_though_it_is_a_should() {
    let memory = tempfile::tempdir().unwrap();
    let address = always("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").to_string();
    let words = ["--next", "--only", "hello", "close-said", "date", "no-host"];
    let (text, code) = check_in(&on(&address, &words), memory.path());
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("next: close-said (Say `Connection: close`"),
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
fn a_file_that_changes_lets_what_has_failed_run_again() {
    let address = careless().to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.py");
    std::fs::write(&file, "one").unwrap();
    let words = [&["--watch", file.to_str().unwrap()], &THREE[..]].concat();
    let mut checker = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
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
    // Against a SHOULD, but its turn may come before that of all others.
    assert!(
        again.iter().any(|line| line.starts_with("! fragment")),
        "{again:?}"
    );
    assert!(
        !again.iter().any(|line| line.contains("hello")),
        "{again:?}"
    );
}
