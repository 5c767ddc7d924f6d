//! The command, run.

#![allow(dead_code)]

use std::path::Path;
use std::process::Command;

pub(crate) fn check(words: &[&str]) -> (String, i32) {
    check_in(words, &std::env::temp_dir())
}

/// Runs the command with a folder of its own for what it remembers.
pub(crate) fn check_in(words: &[&str], memory: &Path) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .args(words)
        .env("XDG_CACHE_HOME", memory)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap())
}

pub(crate) const THREE: [&str; 5] = ["--only", "no-host", "fragment", "http-2.0", "hello"];

pub(crate) fn on<'a>(address: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["--addr", address], words].concat()
}
