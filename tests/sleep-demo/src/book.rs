//! The files that the book shows: the data of a run, and everything drawn from it.

use std::fs;
use std::io;
use std::path::Path;

use crate::report::Report;
use crate::{svg, table};

/// The data. All other files follow from it.
pub const DATA: &str = "book/data/sleep-demo.json";

/// The command that measures anew and writes all files.
pub const COMMAND: &str = "cargo run -p sleep-demo -- --book";

/// A file: its path seen from the root of the repository, and its text.
pub type File = (String, String);

/// All files of a report.
pub fn files(report: &Report) -> Vec<File> {
    let mut files = vec![(DATA.to_owned(), report.to_json())];
    files.extend(drawn(report));
    files
}

/// What follows from the data: the table and the figures.
pub fn drawn(report: &Report) -> Vec<File> {
    let rounds = report.runs.iter().map(|run| run.rounds_ms.len()).max();
    let table = format!(
        "{}\nEach row is the middle one of {} rounds, by its total; in parentheses the quickest and \
         the slowest.\n\n{}\n",
        table::markdown(&report.runs),
        rounds.unwrap_or(0),
        report.stamp.line()
    );
    let mut files = vec![("book/data/sleep-demo.md".to_owned(), table)];
    let figures = drawings(report);
    files.extend(figures.map(|(name, text)| (format!("book/src/figures/{name}.svg"), text)));
    files
}

/// The drawings by name: `sleep-03` for lesson 3, and `sleep-all`.
pub fn drawings(report: &Report) -> impl Iterator<Item = File> {
    let one = |run: &crate::run::Run| {
        let name = run.name.strip_prefix("lesson").unwrap_or(&run.name);
        // A host and its port, as a name of a file.
        let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        (format!("sleep-{name}"), svg::one(run, &report.load))
    };
    let all = ("sleep-all".to_owned(), svg::all(report));
    report.runs.iter().map(one).chain([all])
}

/// Writes files below a folder.
pub fn write(root: &Path, files: &[File]) -> io::Result<()> {
    for (path, text) in files {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let failed = |error| io::Error::other(format!("{}: {error}", path.display()));
        fs::write(&path, text).map_err(failed)?;
    }
    Ok(())
}
