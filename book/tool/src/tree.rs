//! The repository as the contract sees it: pages, lessons, and which page belongs to which lesson.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use check::lessons::Lesson;

use crate::page::Page;

/// A repository: the real one, or a tiny one that a test has planted.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its root.
    pub root: PathBuf,
    /// The lessons that exist.
    pub lessons: &'static [Lesson],
    /// Every page in `book/src`, SUMMARY.md aside.
    pub pages: Vec<Page>,
}

impl Tree {
    /// Reads the pages of a repository.
    pub fn open(root: &Path, lessons: &'static [Lesson]) -> io::Result<Tree> {
        let mut tree = Tree {
            root: root.to_owned(),
            lessons,
            pages: Vec::new(),
        };
        for path in tree.files("book/src") {
            let name = path.trim_start_matches("book/src/");
            if name.ends_with(".md") && name != "SUMMARY.md" {
                tree.pages.push(Page::new(name, &tree.read(&path)?));
            }
        }
        Ok(tree)
    }

    /// The text of a file, named from the root.
    pub fn read(&self, path: &str) -> io::Result<String> {
        fs::read_to_string(self.root.join(path))
    }

    /// Every file under a folder, named from the root, in order.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (name, is_folder) in entries(&self.root.join(folder)) {
            let path = format!("{folder}/{name}");
            match is_folder {
                true => found.extend(self.files(&path)),
                false => found.push(path),
            }
        }
        found
    }

    /// The folders of the crates under `lessons/`: those of the list, and the support crates.
    pub fn crates(&self) -> Vec<String> {
        self.folders("lessons")
    }

    /// The folders in a folder, named from the root, in order.
    pub fn folders(&self, folder: &str) -> Vec<String> {
        let entries = entries(&self.root.join(folder)).into_iter();
        entries
            .filter(|(_, is_folder)| *is_folder)
            .map(|(name, _)| format!("{folder}/{name}"))
            .collect()
    }

    /// The crate that a file of the repository belongs to.
    pub fn crate_of(&self, file: &str) -> Option<String> {
        let mut crates = self.crates().into_iter();
        crates.find(|folder| file.starts_with(&format!("{folder}/")))
    }

    /// The file name of the page that shows a crate: the chapter, or `terminal.md`.
    pub fn page_of(&self, folder: &str) -> String {
        let lesson = self.lessons.iter().find(|lesson| lesson.folder == folder);
        lesson.map_or_else(
            || format!("{}.md", folder.trim_start_matches("lessons/")),
            |lesson| lesson.chapter.to_owned(),
        )
    }

    /// Whether a page may show the code of a crate. A long chapter has several pages:
    /// `03-wsgi.md`, `03-wsgi-body.md`.
    pub fn shows(&self, page: &str, folder: &str) -> bool {
        let main = self.page_of(folder);
        let stem = main.trim_end_matches(".md");
        let prefix = match stem.get(..3) {
            Some(number) if number.ends_with('-') => number,
            _ => stem,
        };
        page == main || (page.starts_with(prefix) && page.ends_with(".md"))
    }
}

fn entries(folder: &Path) -> Vec<(String, bool)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, entry.path().is_dir())
        })
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use crate::planted::Planted;

    #[test]
    fn pages_with_the_number_of_a_lesson_show_its_code() {
        let planted = Planted::clean();
        let tree = planted.tree();
        assert!(tree.shows("01-tiny.md", "lessons/01-tiny"));
        assert!(tree.shows("01-tiny-more.md", "lessons/01-tiny"));
        assert!(!tree.shows("02-other.md", "lessons/01-tiny"));
        assert!(tree.shows("support.md", "lessons/support"));
        assert!(!tree.shows("01-tiny.md", "lessons/support"));
    }

    #[test]
    fn files_know_their_crate() {
        let planted = Planted::clean();
        let tree = planted.tree();
        assert_eq!(tree.crates(), ["lessons/01-tiny", "lessons/support"]);
        let folder = tree.crate_of("lessons/01-tiny/src/lib.rs");
        assert_eq!(folder.as_deref(), Some("lessons/01-tiny"));
        assert_eq!(tree.crate_of("tests/check/src/lib.rs"), None);
    }
}
