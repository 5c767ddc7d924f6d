//! The command, as a reader types it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

fn book(arguments: &[&str], path: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
    command.args(arguments);
    if let Some(path) = path {
        command.env("PATH", path);
    }
    command.output().expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn building_says_where_to_open_the_book() {
    let output = book(&["build"], None);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let file = said.trim().split("file://").nth(1).expect("a file address");
    assert!(file.ends_with("target/book/index.html"), "{said}");
    let page = std::fs::read_to_string(file).expect("the book is there");
    assert!(page.contains("How web servers work"));
}

#[test]
fn the_book_is_served_and_a_browser_that_is_not_there_is_no_reason_to_stop() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_book"));
    command
        .args(["--addr", "127.0.0.1:0", "--open"])
        .env("PATH", "/nonexistent");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.next().unwrap().unwrap();
    let address = ready
        .strip_prefix("book listening on http://")
        .expect("the ready line");
    assert!(
        said.next()
            .unwrap()
            .unwrap()
            .contains("--open needs xdg-open, which is not installed")
    );
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut page = String::new();
    client.read_to_string(&mut page).unwrap();
    assert!(page.contains("How web servers work"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_wrong_command_line_is_told_apart_from_a_failed_check() {
    let unknown = book(&["check", "--only", "no-such-page.md"], None);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("there is no page no-such-page.md; there are: "));
    assert_eq!(book(&["no-such-task"], None).status.code(), Some(2));
}

/// The first thing that anybody reads is short, or nobody reads it to its end.
#[test]
fn the_readme_has_at_most_a_thousand_words() {
    let readme = std::fs::read_to_string(check::workshop::workspace().join("README.md")).unwrap();
    let is_word = |word: &&str| word.contains(char::is_alphanumeric);
    let words = readme.split_whitespace().filter(is_word).count();
    assert!(words <= 1000, "{words} words");
}
