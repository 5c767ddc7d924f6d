//! The small servers of the book: what each passes and fails is what the book says.
//!
//! `BLESS=1 cargo test -p check --test small_servers` writes the lists anew.

use std::path::Path;
use std::process::Command;
use std::thread;

use check::probes;
use check::small_servers::{SMALL_SERVERS, SmallServer, find};
use check::workshop::workspace;
use kit::needed;

/// The Python that has what the tests need, such as Flask: CI says which.
fn python() -> String {
    std::env::var("CHECK_PYTHON").unwrap_or("python3".to_owned())
}

/// Whether it has a module, or exists at all. Where everything is required, it must.
fn python_has(module: &str, install: &str) -> bool {
    needed::or_skip(
        needed::ends_well(&python(), &["-c", &format!("import {module}")]),
        &format!("{} with {module} is absent: {install}", python()),
    )
}

/// Runs the checker as a reader would: what it prints, and its exit code.
fn checked(small: &SmallServer) -> (String, i32) {
    let command = small.command().unwrap_or_else(|error| panic!("{error}"));
    let memory = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .args(["--run", &command, "--through", small.package(), "--small"])
        .args(["--hold", &small.hold.to_string(), "--jobs", "4"])
        .args(["--garbage", "200", "--requests", "500"])
        .env("XDG_CACHE_HOME", memory.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap())
}

/// The signs of a survey in the order in which the book explains them, each with its probes.
const SIGNS: [&str; 7] = ["✓", "◷", "✗", "!", "≈", "–", "?"];

/// `✓ 27  hello connect-and-close …`: a line for each sign, its probes in the order of the list.
fn verdict(text: &str) -> String {
    let mut lines = String::new();
    for sign in SIGNS {
        let has_sign = |name: &str| {
            let start = format!("{sign} {name} ");
            text.lines().any(|line| line.starts_with(&start))
        };
        let names: Vec<_> = probes::all()
            .map(|probe| probe.name)
            .filter(|name| has_sign(name))
            .collect();
        if !names.is_empty() {
            lines += &wrapped(&format!("{sign} {:<3} {}", names.len(), names.join(" ")));
        }
    }
    lines
}

/// A line of words, broken before the eightieth column.
fn wrapped(line: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in line.split_inclusive(' ') {
        let length = word.chars().count();
        if width + length > 80 {
            text.truncate(text.trim_end().len());
            text += "\n      ";
            width = 6;
        }
        text += word;
        width += length;
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

fn assert_is_as_the_book_says(small: &SmallServer) {
    let name = small.name;
    if small.is_python() && !python_has("socket", "sudo apt-get install python3") {
        return;
    }
    let (text, code) = checked(small);
    assert_eq!(code, i32::from(!small.passes), "{name}:\n{text}");
    let file = workspace().join("book/small").join(format!("{name}.txt"));
    assert_golden(&file, &verdict(&text), &text);
}

fn assert_golden(file: &Path, found: &str, whole: &str) {
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, found).unwrap();
    }
    let wanted = std::fs::read_to_string(file).unwrap_or_default();
    assert_eq!(found, wanted, "{}:\n{whole}", file.display());
}

/// Every small server of a lesson. They mostly wait, so they do it side by side.
fn assert_lesson_is_as_the_book_says(lesson: u8) {
    let all = SMALL_SERVERS.iter();
    let its_own = all.filter(|small| small.lesson == lesson);
    thread::scope(|scope| {
        for small in its_own {
            scope.spawn(|| assert_is_as_the_book_says(small));
        }
    });
}

#[test]
fn the_small_servers_of_lesson_1_are_as_the_book_says() {
    assert_lesson_is_as_the_book_says(1);
}

#[test]
fn the_small_servers_of_lesson_2_are_as_the_book_says() {
    assert_lesson_is_as_the_book_says(2);
}

#[test]
fn the_small_servers_of_lesson_3_are_as_the_book_says() {
    assert_lesson_is_as_the_book_says(3);
}

#[test]
fn the_small_server_of_lesson_10_is_as_the_book_says() {
    assert_lesson_is_as_the_book_says(10);
}

#[test]
fn the_small_server_of_lesson_12_is_as_the_book_says() {
    assert_lesson_is_as_the_book_says(12);
}

#[test]
fn the_small_server_of_lesson_14_is_as_the_book_says() {
    assert_lesson_is_as_the_book_says(14);
}

#[test]
fn small03_serves_what_somebody_has_written_with_flask() {
    if !python_has("flask", "pip install flask") {
        return;
    }
    let small = find("small03.py").unwrap();
    let command = small.command().unwrap().replace("python3", &python());
    let command = command + " flask_hello:app";
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .args([
            "--run",
            &command,
            "--verbose",
            "--only",
            "hello",
            "not-found",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("< Hello, World!"), "{text}");
    assert!(text.contains("✓ not-found"), "{text}");
}

#[test]
fn small03_keeps_pep_3333_as_its_validator_reads_it() {
    if !python_has("wsgiref.validate", "sudo apt-get install python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let app = "from wsgiref.validate import validator\nimport small03_routes\n\
               app = validator(small03_routes.application)\n";
    std::fs::write(folder.path().join("validated.py"), app).unwrap();
    let small = find("small03.py").unwrap();
    let command = format!(
        "PYTHONPATH='{}' {} validated:app",
        folder.path().display(),
        small.command().unwrap().trim_start_matches("exec ")
    );
    let words = [
        "--only",
        "hello",
        "echo",
        "head-method",
        "streaming",
        "not-found",
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .args(["--run", &command])
        .args(words)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for probe in &words[1..] {
        assert!(text.contains(&format!("✓ {probe} ")), "{probe}: {text}");
    }
}

#[test]
fn a_verdict_has_a_line_for_each_sign_and_its_probes_in_the_order_of_the_list() {
    let text = "– echo                   no route\n✓ date                   x\n✓ hello                  y\n";
    assert_eq!(verdict(text), "✓ 2   hello date\n– 1   echo\n");
}
