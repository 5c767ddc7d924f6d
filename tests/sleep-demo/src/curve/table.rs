//! The tables of the book and of the page: what theory says and what was, and what a queue with an
//! end does.

use crate::curve::point::{Point, Standing};
use crate::curve::report::{Curve, Report};
use crate::curve::text::{milliseconds, number, percent};

/// The heads of the columns about knees.
pub const KNEES: [&str; 7] = [
    "server",
    "what serves a request",
    "at once",
    "alone, ms",
    "theory",
    "knee",
    "off by",
];

/// What stands in the row of a curve.
pub fn knee(curve: &Curve) -> [String; 7] {
    let rate =
        |value: Option<f64>| value.map_or("none".to_owned(), |rate| format!("{}/s", number(rate)));
    let knee = match (curve.knee.at(), curve.knee.kept) {
        (None, Some(kept)) => format!("above {}/s", number(kept)),
        (at, _) => rate(at),
    };
    [
        curve.name.clone(),
        curve.words.clone(),
        curve
            .at_once
            .map_or("?".to_owned(), |at_once| at_once.to_string()),
        milliseconds(curve.alone_ms),
        curve
            .knee
            .theory
            .map_or("?".to_owned(), |theory| rate(Some(theory))),
        knee,
        curve.knee.off().map_or("-".to_owned(), percent),
    ]
}

/// The heads of the columns about points.
pub const POINTS: [&str; 7] = [
    "rate", "kept", "p50, ms", "p99, ms", "max, ms", "answers", "errors",
];

/// What stands in the row of a point.
pub fn point(point: &Point) -> [String; 7] {
    let kept = match point.standing {
        Standing::Kept => "yes",
        Standing::Fell => "no",
        Standing::Unknown => "?",
    };
    let errors = point.errors.iter();
    let errors = errors.map(|errors| format!("{} × {}", errors.count, errors.reason));
    let errors: Vec<String> = errors.collect();
    [
        format!("{}/s", number(point.rate)),
        kept.to_owned(),
        milliseconds(point.p50_ms),
        milliseconds(point.p99_ms),
        milliseconds(point.max_ms),
        format!("{}/s", number(point.answers_per_second)),
        match errors.is_empty() {
            true => "0".to_owned(),
            false => errors.join(", "),
        },
    ]
}

/// All knees as Markdown.
pub fn knees(report: &Report) -> String {
    let mut text = markdown_head(&KNEES, 2);
    for curve in &report.curves {
        text.push_str(&markdown_row(&knee(curve)));
    }
    text
}

/// The points of several curves in one table, those with about the same rate below each other.
pub fn queues(curves: &[&Curve]) -> String {
    let heads: Vec<&str> = ["server"].into_iter().chain(POINTS).collect();
    let mut text = markdown_head(&heads, 1);
    let points = curves
        .iter()
        .flat_map(|curve| curve.drawn().map(move |point| (curve, point)));
    let mut points: Vec<_> = points.collect();
    points.sort_by(|(_, one), (_, other)| one.rate.total_cmp(&other.rate));
    for (curve, one) in points {
        let cells = [curve.name.clone()].into_iter().chain(point(one));
        text.push_str(&markdown_row(&cells.collect::<Vec<_>>()));
    }
    text
}

/// The heads, and which columns are words: the first ones.
fn markdown_head(heads: &[&str], words: usize) -> String {
    let rules = (0..heads.len()).map(|column| if column < words { "---|" } else { "--:|" });
    let rules: String = rules.collect();
    format!("| {} |\n|{rules}\n", heads.join(" | "))
}

fn markdown_row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | ").replace(" %", "\u{a0}%"))
}
