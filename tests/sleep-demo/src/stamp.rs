//! Where a measurement was made. Without it, nobody could make it again.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// Where and from what a measurement was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The processor and how many of its cores we may use.
    pub machine: String,
    /// The release of the kernel.
    pub kernel: String,
    /// The compiler.
    pub rustc: String,
    /// The commit of the servers, and whether they were changed since.
    pub commit: String,
    /// `release` or `debug`.
    pub build: String,
}

impl Stamp {
    /// Here and now. What cannot be found out is `unknown`.
    pub fn here(root: &Path, release: bool) -> Stamp {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
        let build = if release { "release" } else { "debug" };
        Stamp {
            machine: format!("{}, {cores} cores", processor()),
            kernel: kernel.map_or("unknown".to_owned(), |text| text.trim().to_owned()),
            rustc: words_of(root, "rustc", &["--version"]).unwrap_or("unknown".to_owned()),
            commit: commit(root).unwrap_or("unknown".to_owned()),
            build: build.to_owned(),
        }
    }

    /// In one line, in the form that the book asks for.
    pub fn line(&self) -> String {
        self.lines().join("; ")
    }

    /// The same in lines that fit on a terminal.
    pub fn lines(&self) -> [String; 3] {
        [
            format!("machine: {}; kernel: {}", self.machine, self.kernel),
            format!("rustc: {}", self.rustc.trim_start_matches("rustc ")),
            format!("commit: {}; build: {}", self.commit, self.build),
        ]
    }
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
    // Other architectures have no such line.
    model.map_or(std::env::consts::ARCH, str::trim).to_owned()
}

fn commit(root: &Path) -> Option<String> {
    let commit = words_of(root, "git", &["rev-parse", "--short", "HEAD"])?;
    let changed = words_of(root, "git", &["status", "--porcelain", "--", "lessons"])?;
    Some(match changed.is_empty() {
        true => commit,
        false => format!("{commit} and changes"),
    })
}

fn words_of(root: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.current_dir(root).args(arguments).output().ok()?;
    let words = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_names_everything_that_the_book_asks_for() {
        let line = Stamp::here(check::workshop::workspace(), true).line();
        for name in ["machine: ", "; kernel: ", "; rustc: ", "; commit: "] {
            assert!(line.contains(name), "{line}");
        }
    }

    #[test]
    fn what_cannot_be_found_out_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Stamp::here(folder.path(), false).commit, "unknown");
    }
}
