//! The small servers in the book: whole, or as differences that add up to the file.
//!
//! A difference is a file for each of its hunks, `book/small/small02-1.diff`, which this tool
//! writes and a page includes. Whether they add up is found out by adding them up.

use check::lessons::Lesson;
use check::small_servers::{SMALL_SERVERS, SmallServer, find};

use crate::hunks::hunks;
use crate::tree::Tree;

/// Where the differences and the verdicts are.
pub const FOLDER: &str = "book/small";

/// A small server that the repository has.
pub struct Shown {
    /// The lesson that shows it.
    pub lesson: &'static Lesson,
    /// What it is.
    pub small: &'static SmallServer,
    /// Its file, seen from the root.
    pub file: String,
}

/// The small servers of the lessons of this tree.
pub fn small_servers(tree: &Tree) -> Vec<Shown> {
    let all = tree.lessons.iter().flat_map(|lesson| {
        let of_lesson = move |small: &&SmallServer| small.lesson == lesson.number;
        let its_own = SMALL_SERVERS.iter().filter(of_lesson);
        its_own.map(move |small| Shown {
            lesson,
            small,
            file: file_of(lesson, small),
        })
    });
    all.filter(|one| tree.root.join(&one.file).is_file())
        .collect()
}

fn file_of(lesson: &Lesson, small: &SmallServer) -> String {
    format!("{}/examples/{}", lesson.folder, small.file)
}

/// The lines that a reader types: without the comment at the head of the file.
pub fn typed(tree: &Tree, file: &str) -> Vec<String> {
    // A file that vanished between listing and reading has no lines.
    let text = tree.read(file).unwrap_or_default();
    let lines = text.lines().skip_while(|line| line.starts_with("//!"));
    let lines = lines.skip_while(|line| line.is_empty());
    lines.map(str::to_owned).collect()
}

/// The lines that a small server grows from, if it grows.
pub fn grows_from(tree: &Tree, small: &SmallServer) -> Option<Vec<String>> {
    let before = find(small.grows_from?)?;
    let mut lessons = tree.lessons.iter();
    let lesson = lessons.find(|lesson| lesson.number == before.lesson)?;
    Some(typed(tree, &file_of(lesson, before)))
}

/// Every difference, as the files to be included: where each is, and what it holds.
pub fn differences(tree: &Tree) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for shown in small_servers(tree) {
        let Some(before) = grows_from(tree, shown.small) else {
            continue;
        };
        let parts = hunks(&before, &typed(tree, &shown.file));
        let name = |number| format!("{FOLDER}/{}-{number}.diff", shown.small.name);
        files.extend((1..).map(name).zip(parts));
    }
    files
}

/// The name and the number of a part: `book/small/small02_1-3.diff`.
pub fn part_of(path: &str) -> Option<(&str, usize)> {
    let name = path.strip_prefix(FOLDER)?.strip_prefix('/')?;
    let (name, number) = name.strip_suffix(".diff")?.rsplit_once('-')?;
    Some((name, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_knows_its_server_and_its_number() {
        assert_eq!(
            part_of("book/small/small02_1-3.diff"),
            Some(("small02_1", 3))
        );
        assert_eq!(part_of("book/small/small02.txt"), None);
        assert_eq!(part_of("book/data/small02-1.diff"), None);
    }
}
