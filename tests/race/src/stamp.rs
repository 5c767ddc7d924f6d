//! Where figures come from: without this they would be rumours.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};

/// Machine, kernel, compiler and commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The processor and the number of its cores.
    pub machine: String,
    /// The release of Linux.
    pub kernel: String,
    /// The compiler.
    pub rustc: String,
    /// The commit, and whether there were changes on top of it.
    pub commit: String,
}

impl Stamp {
    /// Of here and now. What cannot be found out is said to be unknown.
    pub fn now() -> Stamp {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processor
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
        let cores = available_parallelism().map_or(1, usize::from);
        let unknown = || "unknown".to_owned();
        let commit = [
            "describe",
            "--always",
            "--abbrev=7",
            "--exclude=*",
            "--dirty= with changes",
        ];
        Stamp {
            machine: format!("{}, {cores} cores", model.unwrap_or("unknown").trim()),
            kernel: output_of("uname", &["-r"]).unwrap_or_else(unknown),
            rustc: output_of("rustc", &["--version"]).unwrap_or_else(unknown),
            commit: output_of("git", &commit).unwrap_or_else(unknown),
        }
    }
}

/// What a program says on its one line.
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(check::workshop::workspace())
        // Looking at the working tree must not take the lock of somebody at work in it.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn here_and_now_are_known() {
        let stamp = Stamp::now();
        assert!(stamp.machine.ends_with(" cores"), "{stamp:?}");
        assert!(stamp.rustc.starts_with("rustc "), "{stamp:?}");
        assert_ne!(stamp.kernel, "unknown");
    }
}
