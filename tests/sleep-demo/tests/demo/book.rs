//! What the book shows follows from its data, and the data is that of all lessons.

use std::fs;

use check::workshop::workspace;
use sleep_demo::book::{COMMAND, DATA, drawn, write};
use sleep_demo::curve::report::Curve;
use sleep_demo::curve::work::Work;
use sleep_demo::curve::{self, entry, files};
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
    let drawn = drawn(&report());
    // A change of the drawing needs no new measurement.
    if std::env::var_os("BLESS").is_some() {
        write(workspace(), &drawn).unwrap();
    }
    for (path, text) in drawn {
        assert!(read(&path) == text, "{path} is out of date. Run: {COMMAND}");
    }
}

#[test]
fn the_data_is_that_of_every_lesson_that_takes_part() {
    let report = report();
    let (plans, _) = plan::by_default(&report.load);
    let lessons: Vec<_> = plans.iter().map(|plan| plan.name.as_str()).collect();
    let measured: Vec<_> = report.runs.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(measured, lessons, "Run: {COMMAND}");
}

#[test]
fn the_data_is_that_of_releases_that_are_near_the_ideal() {
    let report = report();
    assert_eq!(report.stamp.build.as_deref(), Some("release"));
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

fn curves(work: Work) -> curve::report::Report {
    let file = files::data(work);
    let text = fs::read_to_string(workspace().join(file));
    let text = text.unwrap_or_else(|error| panic!("{file}: {error}. Run: {}", files::COMMAND));
    curve::report::Report::of_json(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn the_pictures_and_tables_of_the_curves_are_drawn_from_the_data() {
    for work in files::WORKS {
        let drawn = files::drawn(&curves(work));
        if std::env::var_os("BLESS").is_some() {
            write(workspace(), &drawn).unwrap();
        }
        for (path, text) in drawn {
            let command = files::COMMAND;
            assert!(read(&path) == text, "{path} is out of date. Run: {command}");
        }
    }
}

/// From well below the knee to well behind it, or sixty-four times as high as it begins.
fn assert_goes_far_enough(curve: &Curve) {
    let rates = || curve.drawn().map(|point| point.rate);
    let lowest = rates().fold(f64::INFINITY, f64::min);
    let highest = rates().fold(0.0, f64::max);
    match curve.knee.at() {
        Some(knee) => assert!(
            lowest < knee * 0.7 && knee * 1.25 < highest && rates().count() >= 5,
            "{curve:#?}"
        ),
        None => assert!(highest >= lowest * 64.0, "{curve:#?}"),
    }
}

#[test]
fn the_curves_are_those_of_releases_of_every_lesson_that_takes_part_without_gaps() {
    for work in files::WORKS {
        let report = curves(work);
        assert_eq!(
            (report.work, report.stamp.build.as_deref()),
            (work, Some("release"))
        );
        let expected = entry::for_the_book(work, 4, report.cores);
        let expected: Vec<_> = expected.iter().map(|entry| entry.name.as_str()).collect();
        let measured: Vec<_> = report.curves.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(measured, expected, "Run: {}", files::COMMAND);
        for curve in &report.curves {
            assert_eq!(curve.drawn().count(), curve.points.len(), "{}", curve.name);
            assert!(!curve.stopped, "{}", curve.name);
            assert_goes_far_enough(curve);
        }
    }
}

#[test]
fn the_book_says_truly_that_little_predicts_the_knees_of_sleepers() {
    let report = curves(files::WORKS[0]);
    for name in ["lesson03", "lesson07", "lesson10w"] {
        let curve = report.curves.iter().find(|curve| curve.name == name);
        let off = curve.and_then(|curve| curve.knee.off()).unwrap();
        assert!(off.abs() <= 0.1, "{name}: {off} from theory");
    }
}

#[test]
fn the_book_says_truly_what_the_end_of_a_queue_does() {
    let report = curves(files::WORKS[0]);
    let wall = |name: &str| {
        let curve = report.curves.iter().find(|curve| curve.name == name);
        let curve = curve.unwrap();
        (curve.drawn().last().unwrap().clone(), curve.alone_ms)
    };
    let (refusing, alone_ms) = wall("lesson07q");
    assert!(
        refusing.p99_ms < alone_ms * 3.0,
        "about twice as long as alone"
    );
    let share = refusing.failed() as f64 / refusing.requests as f64;
    assert!((0.35..0.65).contains(&share), "about half of them: {share}");
    let (patient, alone_ms) = wall("lesson07");
    assert!(patient.failed() == 0 && patient.p99_ms > alone_ms * 10.0);
}
