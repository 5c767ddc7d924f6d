//! Files that somebody has asked for.

use std::io;
use std::path::Path;

use sleep_demo::book;

use super::stop::Stop;

/// Writes one, and says so.
pub(super) fn put(path: &Path, text: String) -> Result<(), Stop> {
    let file = (path.display().to_string(), text);
    written(book::write(Path::new(""), &[file]), path)
}

/// Says that a file was written, or why it was not.
pub(super) fn written(outcome: io::Result<()>, path: &Path) -> Result<(), Stop> {
    outcome.map_err(|error| Stop::Failed(error.to_string()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
