//! Where tools get a lesson's binary: built here, on demand, by cargo.
//!
//! No tool relies on an earlier command. What is asked for is built into a target folder of the
//! tools' own, so that cargo never waits for the cargo that may have started us.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The root of the repository.
pub fn workspace() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // `tests/check` is two folders below the root, or this source file would not exist.
    here.ancestors().nth(2).unwrap_or(here)
}

/// The binary of a package, freshly built: `binary("lesson03")`.
pub fn binary(package: &str) -> Result<PathBuf, BuildError> {
    built(package, None, Profile::Debug)
}

/// The same as a release build, for tools that measure: `release_binary("lesson03")`.
pub fn release_binary(package: &str) -> Result<PathBuf, BuildError> {
    built(package, None, Profile::Release)
}

/// An example of a package, freshly built: `example("lesson01", "exercise_01_1")`.
pub fn example(package: &str, example: &str) -> Result<PathBuf, BuildError> {
    built(package, Some(example), Profile::Debug)
}

/// How cargo builds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Profile {
    Debug,
    Release,
}

/// What a build gave, by package, example and profile.
type Built = HashMap<(String, Option<String>, Profile), Result<PathBuf, BuildError>>;

/// Builds once per process. The lock is held during the build: cargo would make a second one
/// wait anyway, and this way it waits without a message about a lock.
fn built(package: &str, example: Option<&str>, profile: Profile) -> Result<PathBuf, BuildError> {
    static BUILT: Mutex<Option<Built>> = Mutex::new(None);
    // A thread that panicked here has left the map as it was before its build.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built
        .get_or_insert_default()
        .entry((package.to_owned(), example.map(str::to_owned), profile))
        .or_insert_with(|| build(package, example, profile))
        .clone()
}

fn build(package: &str, example: Option<&str>, profile: Profile) -> Result<PathBuf, BuildError> {
    let folder = target_folder();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace())
        .args(["build", "--package", package])
        .arg("--target-dir")
        .arg(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    match example {
        Some(name) => cargo.args(["--example", name]),
        None => cargo.args(["--bin", package]),
    };
    let folder = match profile {
        Profile::Debug => folder.join("debug"),
        Profile::Release => {
            cargo.arg("--release");
            folder.join("release")
        }
    };
    let failed = |reason: String| BuildError {
        what: example.map_or(package.to_owned(), |name| format!("{package} {name}")),
        reason,
    };
    run(cargo).map_err(failed)?;
    Ok(match example {
        Some(name) => folder.join("examples").join(name),
        None => folder.join(package),
    })
}

/// Runs cargo: on a terminal its progress passes through, elsewhere its words are kept for the
/// error.
fn run(mut cargo: Command) -> Result<(), String> {
    if std::io::stderr().is_terminal() {
        let status = cargo.status().map_err(|error| error.to_string())?;
        return match status.success() {
            true => Ok(()),
            false => Err(format!("cargo ended with {status}; its words are above")),
        };
    }
    let output = cargo
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// The tools' own target folder, inside the one that cargo uses otherwise.
fn target_folder() -> PathBuf {
    let target: OsString = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    // `join` keeps an absolute folder as it is.
    workspace().join(target).join("tools")
}

/// A package that could not be built.
#[derive(Clone, Debug)]
pub struct BuildError {
    what: String,
    reason: String,
}

impl fmt::Display for BuildError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot build {}: {}", self.what, self.reason.trim())
    }
}

impl std::error::Error for BuildError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_where_the_lessons_are() {
        assert!(workspace().join("lessons/01-socket/Cargo.toml").is_file());
    }

    #[test]
    fn what_cargo_refuses_is_an_error_that_names_it() {
        let error = binary("lesson00").unwrap_err().to_string();
        assert!(error.starts_with("cannot build lesson00: "), "{error}");
    }
}
