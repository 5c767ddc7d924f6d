//! What the book shows follows from its data, and the data is that of all lessons.

use std::fs;

use check::workshop::workspace;
use sleep_demo::book::{COMMAND, DATA, drawn};
use sleep_demo::plan::{self, Load};
use sleep_demo::report::Report;

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}. Run: {COMMAND}"))
}

fn report() -> Report {
    Report::of_json(&read(DATA)).unwrap_or_else(|error| panic!("{DATA}: {error}"))
}

#[test]
fn the_figures_and_the_table_are_drawn_from_the_data() {
    for (path, text) in drawn(&report()) {
        assert!(read(&path) == text, "{path} is out of date. Run: {COMMAND}");
    }
}

#[test]
fn the_data_is_that_of_every_lesson_that_takes_part() {
    let report = report();
    let (plans, _) = plan::by_default(&report.load);
    let lessons: Vec<_> = plans.iter().map(|plan| plan.package).collect();
    let measured: Vec<_> = report.runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(measured, lessons, "Run: {COMMAND}");
}

#[test]
fn the_data_is_that_of_releases_that_are_near_the_ideal() {
    let report = report();
    assert_eq!(report.stamp.build, "release");
    let load = Load {
        requests: 12,
        sleep_ms: 500,
        workers: 4,
    };
    assert_eq!(report.load, load);
    for run in &report.runs {
        assert_eq!(run.rounds_ms.len(), 5, "{}", run.name);
        let overhead = run.summary.overhead.unwrap();
        assert!(overhead < 0.02, "{}: {overhead} over the ideal", run.name);
    }
}
