//! Noticing that a page or a lesson has changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What is watched, seen from the root of the repository.
const PLACES: [&str; 5] = [
    "book/src",
    "book/data",
    "book/theme",
    "book/book.toml",
    "lessons",
];

/// The newest change and the number of files: different as soon as anything is written, added or
/// removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    newest: SystemTime,
    count: usize,
}

/// Waits for changes for ever, and calls `changed` after each.
pub fn watch(root: &Path, mut changed: impl FnMut()) {
    const PAUSE: Duration = Duration::from_millis(500);
    let mut seen = state(root);
    loop {
        std::thread::sleep(PAUSE);
        let now = state(root);
        if now != seen {
            seen = now;
            changed();
        }
    }
}

fn state(root: &Path) -> State {
    let mut state = State {
        newest: SystemTime::UNIX_EPOCH,
        count: 0,
    };
    let mut places: Vec<PathBuf> = PLACES.iter().map(|place| root.join(place)).collect();
    while let Some(place) = places.pop() {
        // What vanished in this moment has changed the count.
        let Ok(about) = fs::metadata(&place) else {
            continue;
        };
        if about.is_dir() {
            let entries = fs::read_dir(&place).into_iter().flatten().flatten();
            places.extend(entries.map(|entry| entry.path()));
        } else {
            state.count += 1;
            state.newest = state
                .newest
                .max(about.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_adding_and_removing_are_noticed() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("book/src")).unwrap();
        let page = root.path().join("book/src/a.md");
        fs::write(&page, "one").unwrap();
        let first = state(root.path());
        assert_eq!(first, state(root.path()));
        let later = SystemTime::now() + Duration::from_secs(5);
        fs::File::options()
            .write(true)
            .open(&page)
            .unwrap()
            .set_modified(later)
            .unwrap();
        let second = state(root.path());
        assert_ne!(first, second);
        fs::write(root.path().join("book/src/b.md"), "two").unwrap();
        let third = state(root.path());
        assert_ne!(second, third);
        fs::remove_file(&page).unwrap();
        assert_ne!(third, state(root.path()));
    }
}
