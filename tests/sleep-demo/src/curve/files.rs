//! The files that the book shows: the data, and everything drawn from it.

use crate::book::File;
use crate::curve::drawing;
use crate::curve::report::{Curve, Report};
use crate::curve::table;
use crate::curve::work::Work;

/// The command that measures anew and writes all files.
pub const COMMAND: &str = "cargo run -p sleep-demo -- --rate --book";

/// What the book shows: requests that wait, and requests that compute.
pub const WORKS: [Work; 2] = [Work::Sleep(50), Work::Primes(100_000)];

/// The lesson with a queue that has an end, and the same with one that has none.
const QUEUES: [&str; 2] = ["lesson07", "lesson07q"];

/// Where the data of an experiment is. All other files follow from it.
pub fn data(work: Work) -> &'static str {
    match work {
        Work::Sleep(_) => "book/data/rate-sleep.json",
        Work::Primes(_) => "book/data/rate-primes.json",
    }
}

/// All files of a report.
pub fn files(report: &Report) -> Vec<File> {
    let mut files = vec![(data(report.work).to_owned(), report.to_json())];
    files.extend(drawn(report));
    files
}

/// What follows from the data: tables and figures.
pub fn drawn(report: &Report) -> Vec<File> {
    let stamp = report.stamp.line();
    let figure = |name: &str, drawing| (format!("book/src/figures/{name}.svg"), drawing);
    let text =
        |name: &str, text: String| (format!("book/data/{name}.md"), format!("{text}\n{stamp}\n"));
    let (queues, all) = (queues(report), without_queues_end(report));
    match report.work {
        Work::Sleep(_) => vec![
            figure("rate-sleep", drawing::all(&all)),
            figure(
                "rate-queue",
                drawing::some(&queues, "Two queues, one with an end"),
            ),
            text("rate-sleep", table::knees(&all)),
            text("rate-queue", table::queues(&queues)),
        ],
        Work::Primes(_) => vec![
            figure("rate-primes", drawing::all(&all)),
            text("rate-primes", table::knees(&all)),
        ],
    }
}

/// The two curves of lesson 7.
fn queues(report: &Report) -> Vec<&Curve> {
    let curves = report.curves.iter();
    curves
        .filter(|curve| QUEUES.contains(&curve.name.as_str()))
        .collect()
}

/// The picture of all has one curve for each way of waiting, and none for refusing.
fn without_queues_end(report: &Report) -> Report {
    let mut report = report.clone();
    report.curves.retain(|curve| curve.name != QUEUES[1]);
    report
}
