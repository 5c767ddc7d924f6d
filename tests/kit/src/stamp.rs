//! Where a measurement was made. Without it, nobody could make it again.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};

/// Machine, kernel, compiler, commit, and build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The processor and how many of its cores we may use.
    pub machine: String,
    /// The release of the kernel.
    pub kernel: String,
    /// The compiler.
    pub rustc: String,
    /// The commit of servers and tools, and whether they were changed since.
    pub commit: String,
    /// `release` or `debug`, where both are measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
}

impl Stamp {
    /// Here and now, in the repository at `root`. What cannot be found out is `unknown`.
    pub fn here(root: &Path) -> Stamp {
        let unknown = || "unknown".to_owned();
        let cores = available_parallelism().map_or(1, usize::from);
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
        Stamp {
            machine: format!("{}, {cores} cores", processor()),
            kernel: kernel.map_or_else(|_| unknown(), |text| text.trim().to_owned()),
            rustc: words_of(root, "rustc", &["--version"]).unwrap_or_else(unknown),
            commit: commit(root).unwrap_or_else(unknown),
            build: None,
        }
    }

    /// The same with the name of a build.
    pub fn of_build(mut self, build: &str) -> Stamp {
        self.build = Some(build.to_owned());
        self
    }

    /// In one line, in the form that the book asks for.
    pub fn line(&self) -> String {
        self.lines().join("; ")
    }

    /// The same in lines that fit on a terminal.
    pub fn lines(&self) -> [String; 3] {
        let build = self.build.as_ref();
        let build = build.map_or(String::new(), |build| format!("; build: {build}"));
        [
            format!("machine: {}; kernel: {}", self.machine, self.kernel),
            format!("rustc: {}", self.rustc.trim_start_matches("rustc ")),
            format!("commit: {}{build}", self.commit),
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
    // What a measurement writes into the book is no change of what was measured.
    let status = ["status", "--porcelain", "--", "lessons", "tests"];
    let changed = words_of(root, "git", &status)?;
    Some(match changed.is_empty() {
        true => commit,
        false => format!("{commit} with changes"),
    })
}

fn words_of(root: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .current_dir(root)
        .args(arguments)
        // Looking at the working tree must not take the lock of somebody at work in it.
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .ok()?;
    let words = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_names_everything_that_the_book_asks_for() {
        let stamp = Stamp::here(Path::new(env!("CARGO_MANIFEST_DIR")));
        let line = stamp.line();
        for name in ["machine: ", " cores; kernel: ", "; rustc: 1", "; commit: "] {
            assert!(line.contains(name), "{line}");
        }
        let line = stamp.of_build("release").line();
        assert!(line.ends_with("; build: release"), "{line}");
    }

    #[test]
    fn what_cannot_be_found_out_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Stamp::here(folder.path()).commit, "unknown");
    }
}
