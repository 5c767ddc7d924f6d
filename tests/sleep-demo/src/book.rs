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

/// The servers that wait in the kernel, one client to a worker: what chapter 5 looks ahead to, and
/// enough for a first screen.
const BLOCKING: [&str; 4] = ["lesson03", "lesson05", "lesson06", "lesson07"];

/// A file: its path seen from the root of the repository, and its text.
pub type File = (String, String);

/// All files of a report.
pub fn files(report: &Report) -> Vec<File> {
    let mut files = vec![(DATA.to_owned(), report.to_json())];
    files.extend(drawn(report));
    files
}

/// What follows from the data: tables and figures.
pub fn drawn(report: &Report) -> Vec<File> {
    let blocking = blocking(report);
    let mut files = vec![
        table("sleep-demo", report),
        table("sleep-blocking", &blocking),
    ];
    // The first screen of the README shows it, where no style sheet of the book is.
    files.push((
        ".github/waterfall.svg".to_owned(),
        svg::alone(&svg::all(&blocking)),
    ));
    let some = ("sleep-blocking".to_owned(), svg::all(&blocking));
    let figures = drawings(report).chain([some]);
    files.extend(figures.map(|(name, text)| (format!("book/src/figures/{name}.svg"), text)));
    files
}

fn table(name: &str, report: &Report) -> File {
    let rounds = report.runs.iter().map(|run| run.rounds_ms.len()).max();
    let text = format!(
        "{}\nEach row is the middle one of {} rounds, by its total; in parentheses the quickest and \
         the slowest.\n\n{}\n",
        table::markdown(&report.runs),
        rounds.unwrap_or(0),
        report.stamp.line()
    );
    (format!("book/data/{name}.md"), text)
}

fn blocking(report: &Report) -> Report {
    let mut report = report.clone();
    report
        .runs
        .retain(|run| BLOCKING.contains(&run.name.as_str()));
    report
}

/// The drawings by name: `sleep-03` for lesson 3, and `sleep-all`.
pub fn drawings(report: &Report) -> impl Iterator<Item = File> {
    let one = |run: &crate::run::Run| {
        let name = file_name(&run.name);
        (format!("sleep-{name}"), svg::one(run, &report.load))
    };
    let all = ("sleep-all".to_owned(), svg::all(report));
    report.runs.iter().map(one).chain([all])
}

/// The name of a server as a name of a file: `03` for lesson 3, a host and its port without colon.
pub fn file_name(name: &str) -> String {
    let name = name.strip_prefix("lesson").unwrap_or(name);
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
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
