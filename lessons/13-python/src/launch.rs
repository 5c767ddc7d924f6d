//! From a command of ours to a Python that loads us.

// ANCHOR: imports
use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
// ANCHOR_END: imports

// ANCHOR: launch
/// What Python runs first: it looks whether it can load us at all, and then does.
const BOOT: &str = include_str!("boot.py");

/// Becomes Python (the process stays the same, and so does its number) and lets it load our
/// library, with the words of our own command line. Returns only if that failed.
///
/// The other way round, a program of ours with a Python inside, would be tied to one version of it
/// when it is linked, and would find no package of any other.
pub fn launch(python: Option<&str>, words: impl IntoIterator<Item = OsString>) -> LaunchError {
    let python = match find_python(python) {
        Ok(python) => python,
        Err(error) => return error,
    };
    let library = match find_library() {
        Ok(library) => library,
        Err(error) => return error,
    };
    let mut command = Command::new(&python);
    command.arg("-c").arg(BOOT).arg(library);
    command.args(words);
    LaunchError::Start(python, command.exec())
}

/// Why there is no server.
#[derive(Debug)]
pub enum LaunchError {
    /// There is no such program.
    NoSuchPython(PathBuf),
    /// There is no Python where one would look for it.
    NoPython,
    /// It is there, and does not start.
    Start(PathBuf, io::Error),
    /// The library is not where cargo puts it.
    NoLibrary(PathBuf),
}

impl Display for LaunchError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LaunchError::NoSuchPython(path) => {
                let path = path.display();
                write!(
                    out,
                    "there is no program {path}: give --python the path of a python3"
                )
            }
            LaunchError::NoPython => out.write_str(
                "there is no python3 on this machine's PATH: install Python 3.10 or newer \
                 (sudo apt-get install python3), or name one with --python",
            ),
            LaunchError::Start(path, error) => {
                write!(
                    out,
                    "{} does not start: {error}; name another one with --python",
                    path.display()
                )
            }
            LaunchError::NoLibrary(path) => {
                let path = path.display();
                write!(
                    out,
                    "the library {path} is missing: cargo build -p lesson13 makes it"
                )
            }
        }
    }
}

impl Error for LaunchError {}
// ANCHOR_END: launch

// ANCHOR: find
/// The Python that is meant: the one that was named, that of the virtual environment that is
/// active, or the first on the `PATH`.
fn find_python(named: Option<&str>) -> Result<PathBuf, LaunchError> {
    if let Some(named) = named {
        let is_path = named.contains('/');
        let found = match is_path {
            true => Some(PathBuf::from(named)).filter(|path| is_program(path)),
            false => on_the_path(named),
        };
        return found.ok_or_else(|| LaunchError::NoSuchPython(named.into()));
    }
    let environment =
        env::var_os("VIRTUAL_ENV").map(|folder| Path::new(&folder).join("bin/python3"));
    environment
        .filter(|path| is_program(path))
        .or_else(|| on_the_path("python3"))
        .ok_or(LaunchError::NoPython)
}

fn on_the_path(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    let mut programs = env::split_paths(&folders).map(|folder| folder.join(name.as_ref()));
    programs.find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    let about = path.metadata();
    about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

/// The library beside this program, or beside the one of which this is an example. Cargo builds it
/// in the folder `deps`, and links what `cargo build` was asked for one folder up, where an older
/// one may lie after `cargo test`.
fn find_library() -> Result<PathBuf, LaunchError> {
    const NAME: &str = "liblesson13.so";
    let program = env::current_exe().unwrap_or_default();
    let folder = program.parent().unwrap_or(Path::new("."));
    let places = ["deps", "../deps", "."];
    let mut found = places.iter().map(|place| folder.join(place).join(NAME));
    found
        .find(|path| path.is_file())
        .ok_or(LaunchError::NoLibrary(folder.join(NAME)))
}
// ANCHOR_END: find
