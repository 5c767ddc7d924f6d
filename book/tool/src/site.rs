//! Building the book with mdBook's library.

use std::path::Path;

use mdbook_driver::MDBook;

/// Builds the book of a repository into a folder, as `mdbook build` would.
pub fn build(root: &Path, into: &Path) -> Result<(), String> {
    // mdBook's errors are chains: the cause is in the alternate form.
    let words = |error| format!("{error:#}");
    let mut book = MDBook::load(root.join("book")).map_err(words)?;
    book.config.build.build_dir = into.to_owned();
    book.build().map_err(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planted::Planted;

    #[test]
    fn a_book_is_built_and_a_missing_chapter_is_an_error() {
        let planted = Planted::clean();
        let into = planted.root().join("built");
        build(planted.root(), &into).unwrap();
        assert!(into.join("01-tiny.html").is_file());
        std::fs::remove_file(planted.root().join("book/src/support.md")).unwrap();
        assert!(
            build(planted.root(), &into)
                .unwrap_err()
                .contains("support.md")
        );
        assert!(!planted.root().join("book/src/support.md").exists());
    }
}
