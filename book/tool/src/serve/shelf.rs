//! The built book in memory: every file under its path, and nothing else.

use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;

/// All files of the built book.
///
/// A request is looked up here and never in the file system. Whatever a path says, with dots,
/// slashes or escapes in it, it names a file of the book or nothing.
#[derive(Debug, Default)]
pub struct Shelf {
    files: HashMap<String, Volume>,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// Its `ETag`: the same for as long as the bytes are.
    pub tag: String,
}

impl Shelf {
    /// Reads a folder.
    pub fn load(folder: &Path) -> io::Result<Shelf> {
        let mut shelf = Shelf::default();
        shelf.add(folder, "")?;
        Ok(shelf)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // A name that is not text is not the name of a page.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.add(&entry.path(), &format!("{prefix}{name}/"))?;
            } else if kind.is_file() {
                let volume = Volume::new(&name, fs::read(entry.path())?);
                self.files.insert(format!("{prefix}{name}"), volume);
            }
        }
        Ok(())
    }

    /// The file at a path without its first slash. A folder stands for its `index.html`.
    pub fn find(&self, path: &str) -> Option<&Volume> {
        if path.is_empty() || path.ends_with('/') {
            return self.files.get(&format!("{path}index.html"));
        }
        self.files.get(path)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl Volume {
    fn new(name: &str, bytes: Vec<u8>) -> Volume {
        let content_type = content_type(name);
        let bytes = match content_type.starts_with("text/html") {
            true => with_reloading(bytes),
            false => bytes,
        };
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        Volume {
            bytes,
            content_type,
            tag,
        }
    }
}

/// The type of a file, by its ending. A browser that has to guess may guess wrong, or refuse.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "txt" | "md" => "text/plain; charset=utf-8",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}

/// Asks now and then whether the book has changed, and loads the page again if it has.
const RELOADING: &str = "<script>(() => { let seen; setInterval(async () => { try { \
    const version = await (await fetch('/__book/version')).text(); \
    if (seen && version !== seen) location.reload(); seen = version; } \
    catch { /* The server has stopped; it may come back. */ } }, 2000); })();</script>\n";

fn with_reloading(page: Vec<u8>) -> Vec<u8> {
    const END: &[u8] = b"</body>";
    let end = page.windows(END.len()).rposition(|window| window == END);
    match end {
        Some(at) => [&page[..at], RELOADING.as_bytes(), &page[at..]].concat(),
        None => page,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_path_and_folders_by_their_index() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("index.html"), "<body>one</body>").unwrap();
        fs::write(folder.path().join("sub/index.html"), "two").unwrap();
        fs::write(folder.path().join("sub/a.css"), "three").unwrap();
        let shelf = Shelf::load(folder.path()).unwrap();
        assert_eq!(shelf.len(), 3);
        let page = String::from_utf8(shelf.find("").unwrap().bytes.clone()).unwrap();
        assert!(page.starts_with("<body>one<script>") && page.ends_with("</script>\n</body>"));
        assert_eq!(shelf.find("sub/").unwrap().bytes, b"two");
        let style = shelf.find("sub/a.css").unwrap();
        assert_eq!(style.content_type, "text/css; charset=utf-8");
        assert!(style.tag.len() == 18 && style.tag != shelf.find("sub/").unwrap().tag);
        for nothing in [
            "sub",
            "../index.html",
            "/index.html",
            "sub/../index.html",
            "x",
        ] {
            assert!(shelf.find(nothing).is_none(), "{nothing}");
        }
    }
}
