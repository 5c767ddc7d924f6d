//! What the lesson ships for others to read: balancers' configurations, and units of systemd.

mod balancers;
mod units;

use std::path::{Path, PathBuf};
use std::process::Command;

use kit::needed;

/// A file of the folder.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

/// A program, found also where Debian puts what is for administrators; skipped aloud without it.
fn program(name: &str, package: &str) -> Option<String> {
    let places = [name.to_owned(), format!("/usr/sbin/{name}")];
    let runs = |place: &&String| Command::new(place).arg("--version").output().is_ok();
    let found = places.iter().find(runs).cloned();
    needed::or_skip(found.is_some(), &needed::absent(name, package));
    found
}

/// Runs it to its end; what it has said.
fn accepts(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

/// A folder that is gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
