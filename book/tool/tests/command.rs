//! The command, as a reader types it.

use std::process::{Command, Output};

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
    let output = book(&[], None);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    let file = said.trim().split("file://").nth(1).expect("a file address");
    assert!(file.ends_with("target/book/index.html"), "{said}");
    let page = std::fs::read_to_string(file).expect("the book is there");
    assert!(page.contains("How web servers work"));
}

#[test]
fn opening_without_xdg_open_is_a_clear_error() {
    let output = book(&["--open"], Some("/nonexistent"));
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.contains("--open needs xdg-open, which is not installed"),
        "{said}"
    );
}

#[test]
fn a_wrong_command_line_is_told_apart_from_a_failed_check() {
    let unknown = book(&["check", "--only", "no-such-page.md"], None);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("there is no page no-such-page.md; there are: "));
    assert_eq!(book(&["no-such-task"], None).status.code(), Some(2));
}
