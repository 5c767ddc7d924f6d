//! `--config FILE`, in front of everything: a file in place of the flags that one always types.
//!
//! ```toml
//! build = "cargo build --quiet"       # runs first; if it fails, nothing else does
//! run = "target/debug/mine {port}"
//! through = "lesson01"
//! small = true
//! workers = 4
//! ```
//!
//! What is typed wins over what is written.

use std::fs;

use toml::{Table, Value};

use super::stop::Stop;

/// The flags that a file may hold.
const KEYS: [&str; 5] = ["build", "run", "through", "workers", "small"];

/// The words of a command line, with those of the file that it begins with put in.
pub(super) fn words(typed: Vec<String>) -> Result<Vec<String>, Stop> {
    let [program, flag, file, rest @ ..] = &typed[..] else {
        return Ok(typed);
    };
    if flag != "--config" {
        return Ok(typed);
    }
    let wrong = |reason: String| Stop::Usage(format!("{file}: {reason}"));
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let written = written(&text).map_err(wrong)?;
    let (command, flags) = match rest.first().map(String::as_str) {
        // Of an exercise the file says only how the server is started.
        Some("exercise") => rest.split_at(rest.len().min(2)),
        Some(word) if !word.starts_with('-') => return Ok(with(program, rest, &[], &[])),
        _ => rest.split_at(0),
    };
    let is_typed = |key: &str| {
        let flag = format!("--{key}");
        let begins = |word: &String| *word == flag || word.starts_with(&format!("{flag}="));
        flags.iter().any(begins)
    };
    let other_server = is_typed("addr") || is_typed("run") || is_typed("solution");
    let kept = written.into_iter().filter(|(key, _)| match *key {
        "run" | "build" => !other_server && !is_typed(key),
        _ => command.is_empty() && !is_typed(key),
    });
    let kept: Vec<String> = kept.flat_map(|(_, words)| words).collect();
    Ok(with(program, command, &kept, flags))
}

fn with(program: &str, command: &[String], written: &[String], flags: &[String]) -> Vec<String> {
    [&[program.to_owned()], command, written, flags].concat()
}

/// What a file says: each key with its words of a command line.
fn written(text: &str) -> Result<Vec<(&'static str, Vec<String>)>, String> {
    let table: Table = text.parse().map_err(|error| format!("{error}"))?;
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!(
            "there is no {key:?}. There are {}.",
            KEYS.join(", ")
        ));
    }
    let mut found = Vec::new();
    for key in KEYS {
        let flag = format!("--{key}");
        match (key, table.get(key)) {
            (_, None) | ("small", Some(Value::Boolean(false))) => {}
            ("small", Some(Value::Boolean(true))) => found.push((key, vec![flag])),
            ("workers", Some(Value::Integer(count))) => {
                found.push((key, vec![flag, count.to_string()]));
            }
            ("build" | "run" | "through", Some(Value::String(text))) => {
                found.push((key, vec![flag, text.clone()]));
            }
            (_, Some(_)) => return Err(format!("{key} is of the wrong kind")),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "build = 'make'\nrun = './mine {port}'\nthrough = 'lesson01'\nsmall = true\nworkers = 8\n";

    fn words_of(typed: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("check.toml");
        fs::write(&file, FILE).unwrap();
        let typed = typed.replace("FILE", &file.display().to_string());
        let words = words(typed.split(' ').map(str::to_owned).collect());
        words
            .map(|words| words.join(" "))
            .map_err(|stop| match stop {
                Stop::Usage(text) | Stop::NoServer(text) => text,
            })
    }

    #[test]
    fn what_is_typed_wins_over_what_is_written() {
        for (typed, wanted) in [
            (
                "check --config FILE",
                "check --build make --run ./mine {port} --through lesson01 --workers 8 --small",
            ),
            (
                "check --config FILE --through lesson02 --workers=2 --failed",
                "check --build make --run ./mine {port} --small --through lesson02 --workers=2 --failed",
            ),
            (
                "check --config FILE --addr 127.0.0.1:1",
                "check --through lesson01 --workers 8 --small --addr 127.0.0.1:1",
            ),
            (
                "check --config FILE exercise 01-1",
                "check exercise 01-1 --build make --run ./mine {port}",
            ),
            (
                "check --config FILE exercise 01-1 --solution",
                "check exercise 01-1 --solution",
            ),
            ("check --config FILE list", "check list"),
            ("check --addr 127.0.0.1:1", "check --addr 127.0.0.1:1"),
            ("check", "check"),
        ] {
            assert_eq!(words_of(typed).as_deref(), Ok(wanted), "{typed}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused() {
        assert!(
            written("rum = 'x'")
                .unwrap_err()
                .contains("there is no \"rum\"")
        );
        assert!(written("workers = 'x'").unwrap_err().contains("wrong kind"));
        assert!(written("run = ").unwrap_err().contains("TOML"));
        let missing = words(["check", "--config", "no.toml"].map(str::to_owned).to_vec());
        assert!(matches!(missing, Err(Stop::Usage(text)) if text.starts_with("no.toml: ")));
    }
}
