//! Where tools get a lesson's binary: the one that cargo has built already, or a fresh one.
//!
//! `cargo test --workspace` builds every binary and every example before the first test runs, into
//! the folder in which the tests lie themselves. So we look beside us first. What is not there, or
//! is older than its sources, cargo builds, into the same target folder: nothing is built twice.

mod sources;

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

/// The binary of a package, up to date: `binary("lesson03")`.
pub fn binary(package: &str) -> Result<PathBuf, BuildError> {
    built(package, None, Profile::Debug)
}

/// The same as a release build, for tools that measure: `release_binary("lesson03")`.
pub fn release_binary(package: &str) -> Result<PathBuf, BuildError> {
    built(package, None, Profile::Release)
}

/// The binaries of several packages, up to date. Cargo builds what is missing in one go, which takes
/// less time than one after the other: a single package rarely keeps all cores busy.
pub fn binaries(packages: &[&str]) -> Result<Vec<PathBuf>, BuildError> {
    all_built(packages, Profile::Debug)
}

/// The same as release builds, for tools that measure.
pub fn release_binaries(packages: &[&str]) -> Result<Vec<PathBuf>, BuildError> {
    all_built(packages, Profile::Release)
}

/// An example of a package, up to date: `example("lesson01", "exercise_01_1")`.
pub fn example(package: &str, example: &str) -> Result<PathBuf, BuildError> {
    built(package, Some(example), Profile::Debug)
}

/// The same as a release build: `release_example("lesson12", "with_hyper")`.
pub fn release_example(package: &str, example: &str) -> Result<PathBuf, BuildError> {
    built(package, Some(example), Profile::Release)
}

/// How cargo builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Profile {
    Debug,
    Release,
}

impl Profile {
    /// The folder inside of the target folder.
    fn folder(self) -> &'static str {
        match self {
            Profile::Debug => "debug",
            Profile::Release => "release",
        }
    }
}

/// What a search or a build gave, by package, example and profile.
type Built = HashMap<(String, Option<String>, Profile), Result<PathBuf, BuildError>>;

/// Looks or builds once per process. The lock is held during the build: cargo would make a second
/// one wait anyway, and this way it waits without a message about a lock.
fn built(package: &str, example: Option<&str>, profile: Profile) -> Result<PathBuf, BuildError> {
    static BUILT: Mutex<Option<Built>> = Mutex::new(None);
    // A thread that panicked here has left the map as it was before its build.
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built
        .get_or_insert_default()
        .entry((package.to_owned(), example.map(str::to_owned), profile))
        .or_insert_with(|| {
            let (target, is_trusted) = target_folder();
            let path = place(&target, package, example, profile);
            if is_trusted && sources::are_older_than(&path, workspace(), package, example) {
                return Ok(path);
            }
            build(&target, &[package], example, profile).map(|()| path)
        })
        .clone()
}

fn all_built(packages: &[&str], profile: Profile) -> Result<Vec<PathBuf>, BuildError> {
    let (target, is_trusted) = target_folder();
    let is_ready = |package: &str| {
        let path = place(&target, package, None, profile);
        is_trusted && sources::are_older_than(&path, workspace(), package, None)
    };
    let missing: Vec<_> = packages
        .iter()
        .copied()
        .filter(|one| !is_ready(one))
        .collect();
    if !missing.is_empty() {
        build(&target, &missing, None, profile)?;
    }
    packages
        .iter()
        .map(|one| built(one, None, profile))
        .collect()
}

/// What the binary of a package is called: as the package, but for the checker, which people
/// install beside other programs.
fn program(package: &str) -> &str {
    match package {
        "check" => "web-server-check",
        package => package,
    }
}

/// Where cargo puts a binary or an example.
fn place(target: &Path, package: &str, example: Option<&str>, profile: Profile) -> PathBuf {
    let folder = target.join(profile.folder());
    match example {
        Some(name) => folder.join("examples").join(name),
        None => folder.join(program(package)),
    }
}

fn build(
    target: &Path,
    packages: &[&str],
    example: Option<&str>,
    profile: Profile,
) -> Result<(), BuildError> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    kit::cargo::forget(&mut cargo)
        .current_dir(workspace())
        .arg("build")
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .arg("--target-dir")
        .arg(target)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    match example {
        Some(name) => cargo.args(["--example", name]),
        None => cargo.args(
            packages
                .iter()
                .flat_map(|package| ["--bin", program(package)]),
        ),
    };
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    run(cargo).map_err(|reason| BuildError {
        what: packages
            .iter()
            .copied()
            .chain(example)
            .collect::<Vec<_>>()
            .join(" "),
        reason,
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

/// The target folder in which we lie ourselves, or else the one that cargo would use; and whether
/// what lies there is from this repository. Several may share a folder, and then only a test, which
/// cargo has built together with the rest, knows that.
fn target_folder() -> (PathBuf, bool) {
    let own = std::env::current_exe().unwrap_or_default();
    let target = folder_around(&own).unwrap_or_else(|| {
        let target: OsString =
            std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        // `join` keeps an absolute folder as it is.
        workspace().join(target)
    });
    let is_test = own.parent().is_some_and(|folder| folder.ends_with("deps"));
    let is_trusted = is_test || target.starts_with(workspace());
    (target, is_trusted)
}

/// The target folder of `target/debug/check`, `target/debug/deps/check-…` and the like.
fn folder_around(program: &Path) -> Option<PathBuf> {
    let mut folder = program.parent()?;
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder = folder.parent()?;
    }
    let profiles = [Profile::Debug, Profile::Release].map(Profile::folder);
    let is_known = profiles.iter().any(|profile| folder.ends_with(profile));
    is_known.then(|| folder.parent().map(Path::to_owned))?
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
        let error = binaries(&["lesson01", "lesson00"]).unwrap_err().to_string();
        assert!(error.contains("lesson00: "), "{error}");
    }

    #[test]
    fn several_are_given_in_the_order_in_which_they_are_asked_for() {
        let two = binaries(&["lesson02", "lesson01"]).unwrap();
        assert_eq!(
            two,
            [binary("lesson02").unwrap(), binary("lesson01").unwrap()]
        );
        assert!(two.iter().all(|path| path.is_file()));
    }

    #[test]
    fn a_program_knows_the_target_folder_that_it_lies_in() {
        for place in ["debug/check", "release/deps/check-0123", "debug/examples/x"] {
            let found = folder_around(&Path::new("/t").join(place));
            assert_eq!(found.as_deref(), Some(Path::new("/t")), "{place}");
        }
        assert_eq!(folder_around(Path::new("/usr/bin/check")), None);
        let own = std::env::current_exe().unwrap();
        assert!(own.starts_with(target_folder().0), "{}", own.display());
    }

    #[test]
    fn each_profile_and_each_example_has_its_place() {
        let path = place(Path::new("t"), "lesson01", None, Profile::Debug);
        assert_eq!(path, Path::new("t/debug/lesson01"));
        let path = place(Path::new("t"), "check", None, Profile::Debug);
        assert_eq!(path, Path::new("t/debug/web-server-check"));
        let path = place(Path::new("t"), "lesson01", Some("e"), Profile::Release);
        assert_eq!(path, Path::new("t/release/examples/e"));
    }
}
