//! README shows the checker's verdict on a server of one's own: a drawing of a terminal, made from a
//! real run. `BLESS=1 cargo test -p check --test verdict` draws it anew.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use check::workshop::{self, workspace};
use kit::screen;

/// A first server, as chapter 1 begins with it.
const RUN: &str = "exec ./my_server {port}";
const PROBES: [&str; 6] = [
    "hello",
    "connect-and-close",
    "half-close",
    "close-said",
    "idle-cpu",
    "restart",
];

/// What the checker prints, with a port and times that are the same each time.
fn verdict() -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let server = workshop::example("lesson01", "small01_draft").unwrap();
    symlink(server, folder.path().join("my_server")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .current_dir(folder.path())
        .args(["--run", RUN, "--through", "lesson01", "--strict", "--only"])
        .args(PROBES)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let typed = format!(
        "web-server-check --run '{RUN}' --through lesson01 --strict --only {}",
        PROBES.join(" ")
    );
    (typed, steady(&text))
}

fn steady(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = match line.split_once("127.0.0.1:") {
            Some((before, after)) => {
                let port = after.find(|letter: char| !letter.is_ascii_digit());
                let port = &after[..port.unwrap_or(after.len())];
                let after = after.replace(port, "8000");
                format!("{before}127.0.0.1:{after}")
            }
            None => line.to_owned(),
        };
        match line.rfind("took ") {
            Some(at) => line[..at].trim_end_matches([' ', ',']).to_owned(),
            None => line,
        }
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn the_verdict_in_the_readme_is_that_of_a_run() {
    let (typed, output) = verdict();
    let title = "The checker on a first server of one's own: what is right, what is not, and how \
                 to mend it";
    let drawn = screen::drawing(title, &typed, &output);
    let file = workspace().join(".github/verdict.svg");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &drawn).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&file).unwrap_or_default(),
        drawn,
        "BLESS=1 cargo test -p check --test verdict draws it anew"
    );
}
