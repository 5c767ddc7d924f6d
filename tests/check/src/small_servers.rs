//! The small servers of the book: what the reader types, each as a file that runs.
//!
//! A server of a few dozen lines is shown whole once. Each further one is shown as a difference to
//! the one before it, and the book's tool checks that the differences add up to the file.

use std::path::PathBuf;

use crate::lessons;
use crate::workshop::{self, BuildError, workspace};

/// One small server.
pub struct SmallServer {
    /// Its name, which is that of its example or script: `small02_1`.
    pub name: &'static str,
    /// The lesson in which the reader types it.
    pub lesson: u8,
    /// The file that the reader types, in the lesson's `examples`.
    pub file: &'static str,
    /// The small server that it grows from; nothing if the book shows it whole.
    pub grows_from: Option<&'static str>,
    /// Whether nothing that counts fails through its lesson.
    pub passes: bool,
    /// How many seconds a slow client must hold on to outlast its deadlines.
    pub hold: u8,
}

/// Every small server, in the order in which the book builds them.
pub const SMALL_SERVERS: &[SmallServer] = &[
    rust("small01_draft", 1, "small01_draft.rs", None),
    rust("small01", 1, "small01.rs", Some("small01_draft")),
    SmallServer {
        passes: true,
        ..rust("small01_mended", 1, "small01_mended.rs", Some("small01"))
    },
    rust("small02_1", 2, "small02_1.rs", Some("small01_mended")),
    rust("small02_2", 2, "small02_2.rs", Some("small02_1")),
    rust("small02_3", 2, "small02_3.rs", Some("small02_2")),
    rust("small02_4", 2, "small02_4.rs", Some("small02_3")),
    SmallServer {
        passes: true,
        hold: PATIENT,
        ..rust("small02", 2, "small02.rs", Some("small02_4"))
    },
    SmallServer {
        hold: PATIENT,
        ..rust("small03", 3, "small03/main.rs", Some("small02"))
    },
    SmallServer {
        hold: PATIENT,
        ..rust("small10", 10, "small10.rs", None)
    },
    rust("small12", 12, "small12.rs", None),
    SmallServer {
        passes: true,
        hold: PATIENT,
        ..rust("small14", 14, "small14.rs", None)
    },
    python("small01.py", 1, 2),
    python("small02.py", 2, PATIENT),
    SmallServer {
        passes: false,
        ..python("small03.py", 3, PATIENT)
    },
];

/// Longer than the ten seconds that a small server gives a head.
const PATIENT: u8 = 12;

const fn rust(
    name: &'static str,
    lesson: u8,
    file: &'static str,
    grows_from: Option<&'static str>,
) -> SmallServer {
    SmallServer {
        name,
        lesson,
        file,
        grows_from,
        passes: false,
        hold: 2,
    }
}

const fn python(file: &'static str, lesson: u8, hold: u8) -> SmallServer {
    SmallServer {
        passes: true,
        hold,
        ..rust(file, lesson, file, None)
    }
}

/// The small server with this name.
pub fn find(name: &str) -> Option<&'static SmallServer> {
    SMALL_SERVERS.iter().find(|small| small.name == name)
}

impl SmallServer {
    /// The file, seen from the root of the repository.
    pub fn path(&self) -> String {
        format!("{}/examples/{}", self.folder(), self.file)
    }

    /// What the reader types or copies beside it: files in the same folder of examples.
    pub fn files_beside(&self) -> &'static [&'static str] {
        match self.name {
            "small03" => &["small03/routes.rs"],
            "small03.py" => &["small03_routes.py", "flask_hello.py"],
            _ => &[],
        }
    }

    /// Whether it is written in Python.
    pub fn is_python(&self) -> bool {
        self.file.ends_with(".py")
    }

    /// The package that it is an example of.
    pub fn package(&self) -> &'static str {
        // A test of the list proves that each names a lesson of the list.
        lessons::numbered(self.lesson).map_or("", |lesson| lesson.package)
    }

    /// The command that starts it, built if it has to be: `{port}` stands for the port.
    pub fn command(&self) -> Result<String, BuildError> {
        if self.name == "small14" {
            // A supervisor serves nobody. Its worker, if nobody names another, is the lesson's.
            workshop::binary(self.package())?;
        }
        let (runner, program): (_, PathBuf) = match self.is_python() {
            true => ("python3 ", workspace().join(self.path())),
            false => ("", workshop::example(self.package(), self.name)?),
        };
        Ok(format!("exec {runner}'{}' {{port}}", program.display()))
    }

    fn folder(&self) -> &'static str {
        lessons::numbered(self.lesson).map_or("lessons", |lesson| lesson.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_small_server_is_a_file_of_its_lesson_and_grows_from_an_earlier_one() {
        for (place, small) in SMALL_SERVERS.iter().enumerate() {
            assert!(workspace().join(small.path()).is_file(), "{}", small.path());
            assert!(small.name.starts_with(&format!("small{:02}", small.lesson)));
            let earlier = &SMALL_SERVERS[..place];
            let from = small.grows_from;
            assert!(
                from.is_none_or(|from| earlier.iter().any(|one| one.name == from)),
                "{} grows from nothing",
                small.name
            );
        }
    }

    /// It speaks WebSocket, which the list has no words for: chapter 9 runs the checker on it.
    const ELSEWHERE: [&str; 1] = ["small09.rs"];

    #[test]
    fn no_small_server_is_left_out_of_the_list() {
        for lesson in lessons::LESSONS {
            let folder = workspace().join(lesson.folder).join("examples");
            for entry in folder.read_dir().into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_small = name.starts_with("small")
                    && !name.contains("_routes")
                    && !ELSEWHERE.contains(&name.as_str());
                let listed = SMALL_SERVERS.iter().any(|small| {
                    let top = small.file.split('/').next();
                    small.lesson == lesson.number && top == Some(&name)
                });
                assert!(!is_small || listed, "{name} is not in the list");
            }
        }
    }
}
