//! What is in the folder.

use std::env;
use std::fs;
use std::path::Path;

use check::lessons;
use check::small_servers::{SMALL_SERVERS, SmallServer};
use check::workshop::workspace;

use super::language::Language;
use crate::command::stop::Stop;

/// A file of the folder.
pub(super) struct File {
    /// Its name, seen from the folder.
    pub(super) name: String,
    /// What it holds.
    pub(super) text: String,
    /// Whether it is a program.
    pub(super) can_be_run: bool,
}

impl File {
    fn new(name: &str, text: impl Into<String>) -> File {
        File {
            name: name.to_owned(),
            text: text.into(),
            can_be_run: false,
        }
    }
}

/// Every file for a server in this language.
pub(super) fn files(language: Language, from: Option<&str>) -> Result<Vec<File>, Stop> {
    let mut files = match from {
        None => vec![File::new(language.edited(), language.stub())],
        Some(lesson) => left_before(language, lesson)?,
    };
    let through = match from.and_then(lessons::find) {
        None => lessons::LESSONS[0].package,
        Some(lesson) => lesson.package,
    };
    files.extend([
        File::new("check.toml", settings(language, through)),
        File {
            can_be_run: true,
            ..File::new("check", wrapper())
        },
        File::new(".gitignore", language.ignored()),
        File::new("ROUTES.md", include_str!("../../../starters/ROUTES.md")),
    ]);
    match language {
        Language::Rust => {
            let lockfile = of_the_course("Cargo.lock")?;
            files.push(File::new("Cargo.toml", manifest(&lockfile)?));
            files.push(File::new("Cargo.lock", lockfile));
        }
        Language::Go => files.push(File::new("go.mod", "module mine\n\ngo 1.19\n")),
        Language::Python | Language::Node => {}
    }
    Ok(files)
}

/// What the lesson before left: the last small server of the lessons before this one.
fn left_before(language: Language, lesson: &str) -> Result<Vec<File>, Stop> {
    let is_python = match language {
        Language::Rust => false,
        Language::Python => true,
        Language::Node | Language::Go => {
            return Err(Stop::Usage(
                "--from needs --lang rust or --lang python: in the other languages the book has \
                 no server to begin with"
                    .to_owned(),
            ));
        }
    };
    let lesson = lessons::find(lesson).ok_or_else(|| {
        let last = lessons::LESSONS.len();
        Stop::Usage(format!(
            "there is no lesson {lesson:?}. There are 01 to {last:02}."
        ))
    })?;
    // From lesson 8 on a small server is about one thing alone, and the next does not grow from it.
    let mut before = SMALL_SERVERS
        .iter()
        .filter(|small| small.lesson < lesson.number.min(8) && small.is_python() == is_python);
    match before.next_back() {
        Some(small) => copies(language, small),
        None => Ok(vec![File::new(language.edited(), language.stub())]),
    }
}

fn copies(language: Language, small: &SmallServer) -> Result<Vec<File>, Stop> {
    let mut files = vec![File::new(language.edited(), of_the_course(&small.path())?)];
    let folder = Path::new(language.edited()).parent();
    for beside in small.files_beside() {
        let path = Path::new(&small.path())
            .parent()
            .map(|above| match small.is_python() {
                true => above.join(beside),
                false => above.join(Path::new(beside).file_name().unwrap_or_default()),
            });
        let path = path.unwrap_or_default();
        let name = folder
            .unwrap_or(Path::new(""))
            .join(path.file_name().unwrap_or_default());
        let text = of_the_course(&path.to_string_lossy())?;
        files.push(File::new(&name.to_string_lossy(), text));
    }
    Ok(files)
}

/// A file of the repository.
fn of_the_course(path: &str) -> Result<String, Stop> {
    let file = workspace().join(path);
    fs::read_to_string(&file).map_err(|error| {
        Stop::Usage(format!(
            "{}: {error}. The starter needs the folder of the course.",
            file.display()
        ))
    })
}

fn settings(language: Language, through: &str) -> String {
    let build = language
        .build()
        .map_or(String::new(), |command| format!("build = \"{command}\"\n"));
    format!(
        "# How ./check builds and starts the server in this folder.\n\
         {build}run = \"{}\"\n\n\
         # The lesson that it is measured by. When everything is green, name the next one.\n\
         through = \"{through}\"\n\n\
         # It is a small server: leave out what is unreasonable for one, and show the next mend.\n\
         small = true\n\n\
         # How many clients it serves at a time: one for each worker, from lesson 5 on.\n\
         workers = 4\n",
        language.run()
    )
}

/// A script that knows where the checker is: the course, which cargo builds when it has changed, or
/// a program that was installed.
fn wrapper() -> String {
    let course = workspace();
    let itself = env::current_exe().unwrap_or_default();
    let checker = match itself.starts_with(course) {
        true => {
            let manifest = quoted(&course.join("Cargo.toml"));
            format!("cargo run --quiet --manifest-path {manifest} --package check --")
        }
        false => quoted(&itself),
    };
    format!(
        "#!/bin/sh\n\
         # Checks the server in this folder with the checker of the course; check.toml says how.\n\
         cd \"$(dirname \"$0\")\" || exit\n\
         exec {checker} --config check.toml \"$@\"\n"
    )
}

/// As a shell reads it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

/// The manifest: the crates of the book, in the versions of the course.
fn manifest(lockfile: &str) -> Result<String, Stop> {
    let socket2 = version(lockfile, "socket2")?;
    let httparse = version(lockfile, "httparse")?;
    let chrono = version(lockfile, "chrono")?;
    Ok(format!(
        "[package]\n\
         name = \"mine\"\n\
         version = \"0.1.0\"\n\
         edition = \"2024\"\n\n\
         # In the versions of the course: socket2 from chapter 1 on, the others from chapter 2.\n\
         [dependencies]\n\
         socket2 = \"={socket2}\"\n\
         httparse = \"={httparse}\"\n\
         chrono = {{ version = \"={chrono}\", default-features = false, features = [\"std\"] }}\n\n\
         # A workspace of its own, or cargo would count it among the crates of a folder above.\n\
         [workspace]\n"
    ))
}

/// The version of a crate in a lockfile.
fn version<'a>(lockfile: &'a str, name: &str) -> Result<&'a str, Stop> {
    let entry = lockfile.split_once(&format!("\nname = \"{name}\"\nversion = \""));
    let version = entry.and_then(|(_, rest)| rest.split_once('"'));
    version
        .map(|(version, _)| version)
        .ok_or_else(|| Stop::Usage(format!("the lockfile of the course has no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lockfile_knows_versions() {
        let lockfile = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n";
        assert_eq!(version(lockfile, "a").ok(), Some("1.2.3"));
        assert!(version(lockfile, "b").is_err());
    }

    #[test]
    fn a_path_with_a_quote_is_one_word_for_a_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
