//! Whether a binary that cargo has built before is still what cargo would build.
//!
//! It is, if it is younger than every file that it is made of: those of its package, of the
//! packages of this repository that it depends on, and the lockfile. In case of doubt it is not:
//! then cargo is asked, who knows better.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Folders of a package whose files are in no binary; an example is looked at by its name.
const NOT_BUILT: [&str; 3] = ["benches", "examples", "tests"];

/// Whether a binary of a package, or of one of its examples, is younger than its sources.
pub(super) fn are_older_than(
    binary: &Path,
    root: &Path,
    package: &str,
    example: Option<&str>,
) -> bool {
    // What cannot be read is in doubt.
    is_younger(binary, root, package, example).unwrap_or(false)
}

fn is_younger(
    binary: &Path,
    root: &Path,
    package: &str,
    example: Option<&str>,
) -> io::Result<bool> {
    let built = age(binary)?;
    for file in files_of(root, package, example)? {
        if age(&file)? > built {
            return Ok(false);
        }
    }
    Ok(true)
}

fn age(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

/// Every file that goes into a binary.
fn files_of(root: &Path, package: &str, example: Option<&str>) -> io::Result<Vec<PathBuf>> {
    let members = members(root)?;
    let mut files = vec![root.join("Cargo.toml"), root.join("Cargo.lock")];
    let mut known = BTreeSet::from([package.to_owned()]);
    let mut open = vec![package.to_owned()];
    while let Some(name) = open.pop() {
        let member = members.iter().find(|member| member.name == name);
        let member = member.ok_or_else(|| io::Error::other(format!("no package {name}")))?;
        let is_example = name == package && example.is_some();
        for other in member.depends_on(&members, is_example) {
            if known.insert(other.clone()) {
                open.push(other);
            }
        }
        files_below(&member.folder, &mut files)?;
        if let Some(example) = example.filter(|_| is_example) {
            files.push(member.folder.join("examples").join(format!("{example}.rs")));
        }
    }
    Ok(files)
}

/// A package of this repository.
struct Member {
    name: String,
    folder: PathBuf,
    manifest: String,
}

impl Member {
    fn at(folder: PathBuf) -> Option<Member> {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        let mut lines = manifest.lines();
        let name = lines.find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))?;
        Some(Member {
            name: name.to_owned(),
            folder,
            manifest,
        })
    }

    /// The names of the packages of this repository in its manifest: those of the tests only count
    /// for an example, which may use them.
    fn depends_on(&self, members: &[Member], is_example: bool) -> Vec<String> {
        let mut is_for_tests = false;
        let mut found = Vec::new();
        for line in self.manifest.lines() {
            if line.starts_with('[') {
                is_for_tests = line.starts_with("[dev-dependencies");
            }
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if (is_example || !is_for_tests) && members.iter().any(|member| member.name == name) {
                found.push(name.to_owned());
            }
        }
        found
    }
}

fn members(root: &Path) -> io::Result<Vec<Member>> {
    let mut found: Vec<Member> = Member::at(root.join("book/tool")).into_iter().collect();
    for folder in ["lessons", "tests"] {
        for entry in fs::read_dir(root.join(folder))? {
            found.extend(Member::at(entry?.path()));
        }
    }
    Ok(found)
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !entry.file_type()?.is_dir() {
            files.push(entry.path());
        } else if !NOT_BUILT.iter().any(|other| name == *other) {
            files_below(&entry.path(), files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workshop::workspace;
    use std::time::Duration;

    fn names(package: &str, example: Option<&str>) -> Vec<String> {
        let files = files_of(workspace(), package, example).unwrap();
        let name = |file: &PathBuf| file.strip_prefix(workspace()).unwrap().to_owned();
        files
            .iter()
            .map(|file| name(file).display().to_string())
            .collect()
    }

    #[test]
    fn a_lesson_is_made_of_the_lessons_below_it_and_not_of_its_tests() {
        let files = names("lesson03", None);
        for file in [
            "Cargo.lock",
            "lessons/03-wsgi/Cargo.toml",
            "lessons/03-wsgi/src/lib.rs",
            "lessons/01-socket/src/listen.rs",
            "lessons/terminal/src/flags.rs",
        ] {
            assert!(files.iter().any(|one| one == file), "{file} of {files:?}");
        }
        for part in ["/tests/", "/examples/", "tests/check/", "04-framework"] {
            assert!(!files.iter().any(|one| one.contains(part)), "{part}");
        }
    }

    #[test]
    fn an_example_is_made_of_its_own_file_and_may_use_what_tests_use() {
        let files = names("lesson05", Some("zombies"));
        let mut examples = files.iter().filter(|file| file.contains("/examples/"));
        assert!(examples.next().unwrap().ends_with("examples/zombies.rs"));
        assert!(examples.next().is_none());
        assert!(files.iter().any(|file| file == "tests/check/src/lib.rs"));
    }

    #[test]
    fn a_binary_is_out_of_date_when_one_of_its_files_is_younger() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("lesson03");
        let is_fresh = || are_older_than(&binary, workspace(), "lesson03", None);
        assert!(!is_fresh(), "there is none");
        let file = fs::File::create(&binary).unwrap();
        assert!(is_fresh());
        let youngest = files_of(workspace(), "lesson03", None).unwrap();
        let youngest = youngest
            .iter()
            .map(|file| age(file).unwrap())
            .max()
            .unwrap();
        file.set_modified(youngest - Duration::from_millis(1))
            .unwrap();
        assert!(!is_fresh());
        assert!(!are_older_than(&binary, workspace(), "lesson00", None));
    }
}
