//! Curves as drawings: the rate to the right, how long people waited upwards, both doubling from
//! mark to mark. Errors stand in a strip of their own below.
//!
//! A drawing uses the classes of the book's style sheet and no colours of its own, so that it is
//! right in every theme.

use std::fmt::Write as _;

use kit::xml::on_one_line;

use crate::curve::point::Point;
use crate::curve::report::{Curve, Report};
use crate::curve::text::{milliseconds, number, verdict};

mod scale;

use scale::Scale;

const WIDTH: f64 = 480.0;
/// Where the picture begins, right of the times.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 470.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 304.0;
/// The strip of errors, below the marks of the rate.
const ERRORS_TOP: f64 = 362.0;
const ERRORS_BOTTOM: f64 = 412.0;

/// Knees that are as near to each other as this are shown as one.
const SAME: f64 = 1.15;

/// All curves in one picture. Each is named where it ends, and those that fell together share a
/// label.
pub fn all(report: &Report) -> String {
    let curves: Vec<&Curve> = report.curves.iter().collect();
    let title = format!(
        "How long people wait when each request {}",
        report.work.words()
    );
    let words: Vec<String> = curves.iter().map(|curve| in_words(curve)).collect();
    let description = format!(
        "One line for each server: the rate of requests to the right, p99 upwards. {}",
        words.join(" ")
    );
    draw(&curves, &title, &description)
}

/// The curve of one server.
pub fn one(curve: &Curve) -> String {
    some(&[curve], &format!("{}, {}", curve.name, curve.words))
}

/// Some curves in one picture, under a title of their own.
pub fn some(curves: &[&Curve], title: &str) -> String {
    let words: Vec<String> = curves.iter().map(|curve| in_words(curve)).collect();
    let description = format!(
        "The rate of requests to the right, p99 upwards. {}",
        words.join(" ")
    );
    draw(curves, title, &description)
}

fn draw(curves: &[&Curve], title: &str, description: &str) -> String {
    let has_errors = curves
        .iter()
        .any(|curve| curve.drawn().any(|point| point.failed() > 0));
    let height = if has_errors {
        ERRORS_BOTTOM + 8.0
    } else {
        BOTTOM + 40.0
    };
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n");
    line(&mut svg, format!("<title>{}</title>", on_one_line(title)));
    line(
        &mut svg,
        format!("<desc>{}</desc>", on_one_line(description)),
    );
    let points: Vec<&Point> = curves.iter().flat_map(|curve| curve.drawn()).collect();
    let waits = points.iter().map(|point| point.p99_ms);
    let rates = points.iter().map(|point| point.rate);
    let (Some(rates), Some(waits)) = (
        Scale::over(rates, 1.0, (LEFT, RIGHT)),
        Scale::over(waits, 1.25, (BOTTOM, TOP)),
    ) else {
        line(
            &mut svg,
            text("small dim", LEFT, TOP, "nothing was measured"),
        );
        svg.push_str("</svg>\n");
        return svg;
    };
    axes(&mut svg, &rates, &waits);
    theory(&mut svg, curves, &rates);
    for curve in curves {
        trace(&mut svg, curve, &rates, &waits);
    }
    for group in groups(curves) {
        label(&mut svg, &group, &rates, &waits);
    }
    if has_errors {
        errors(&mut svg, curves, &rates);
    }
    svg.push_str("</svg>\n");
    svg
}

fn line(svg: &mut String, text: String) {
    svg.push_str(&text);
    svg.push('\n');
}

fn text(class: &str, x: f64, y: f64, text: &str) -> String {
    let text = on_one_line(text);
    format!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>")
}

fn straight(class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> String {
    format!("<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>")
}

fn axes(svg: &mut String, rates: &Scale, waits: &Scale) {
    line(
        svg,
        text(
            "small dim",
            0.0,
            12.0,
            "p99, how long all but one in a hundred wait",
        ),
    );
    for mark in waits.marks(6) {
        let y = waits.place(mark);
        line(svg, straight("grid", (LEFT, y), (RIGHT, y)));
        line(svg, text("small dim end", LEFT - 5.0, y + 4.0, &time(mark)));
    }
    for mark in rates.marks(8) {
        let x = rates.place(mark);
        line(svg, straight("lane", (x, BOTTOM), (x, BOTTOM + 5.0)));
        line(svg, text("small dim mid", x, BOTTOM + 18.0, &number(mark)));
    }
    line(
        svg,
        text("small dim end", RIGHT, BOTTOM + 34.0, "requests a second"),
    );
}

/// `50 ms`, `1.5 s`.
fn time(ms: f64) -> String {
    match ms {
        ..1000.0 => format!("{} ms", number(ms)),
        _ => format!("{} s", number(ms / 1000.0)),
    }
}

/// Where Little's law has the knees, once for each place.
fn theory(svg: &mut String, curves: &[&Curve], rates: &Scale) {
    let mut shown: Vec<f64> = Vec::new();
    for theory in curves.iter().filter_map(|curve| curve.knee.theory) {
        if !rates.holds(theory) || shown.iter().any(|other| is_same(*other, theory)) {
            continue;
        }
        let x = rates.place(theory);
        line(svg, straight("open", (x, TOP - 4.0), (x, BOTTOM)));
        let words = format!("theory {}", number(theory));
        line(
            svg,
            text("small dim mid", x.min(RIGHT - 34.0), TOP - 8.0, &words),
        );
        shown.push(theory);
    }
}

fn is_same(one: f64, other: f64) -> bool {
    (one.max(other) / one.min(other)) < SAME
}

fn trace(svg: &mut String, curve: &Curve, rates: &Scale, waits: &Scale) {
    let points = curve.drawn().filter(|point| point.p99_ms > 0.0);
    let places = points.map(|point| (rates.place(point.rate), waits.place(point.p99_ms)));
    let places: Vec<(f64, f64)> = places.collect();
    let path = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}"));
    let path: Vec<String> = path.collect();
    line(
        svg,
        format!("<polyline class=\"curve\" points=\"{}\"/>", path.join(" ")),
    );
    for (x, y) in places {
        line(
            svg,
            format!("<circle class=\"served\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>"),
        );
    }
}

/// Curves with the same knee, in their order; those without one are together, too.
fn groups<'c>(curves: &[&'c Curve]) -> Vec<Vec<&'c Curve>> {
    let mut groups: Vec<Vec<&Curve>> = Vec::new();
    let ends_with_errors = |curve: &Curve| curve.drawn().last().is_some_and(|it| it.failed() > 0);
    for &curve in curves.iter().filter(|curve| curve.drawn().next().is_some()) {
        let belongs = |group: &&mut Vec<&Curve>| match (group[0].knee.at(), curve.knee.at()) {
            _ if ends_with_errors(group[0]) != ends_with_errors(curve) => false,
            (Some(one), Some(other)) => is_same(one, other),
            (None, None) => true,
            _ => false,
        };
        match groups.iter_mut().find(belongs) {
            Some(group) => group.push(curve),
            None => groups.push(vec![curve]),
        }
    }
    groups
}

/// The names of a group, above where its highest curve ends.
fn label(svg: &mut String, group: &[&Curve], rates: &Scale, waits: &Scale) {
    let names: Vec<&str> = group
        .iter()
        .map(|curve| curve.name.strip_prefix("lesson").unwrap_or(&curve.name))
        .collect();
    let ends = group.iter().filter_map(|curve| curve.drawn().last());
    let Some(end) = ends.max_by(|one, other| one.p99_ms.total_cmp(&other.p99_ms)) else {
        return;
    };
    let (x, y) = (rates.place(end.rate), waits.place(end.p99_ms));
    // A line may cross them.
    let names = names.join(", ");
    line(svg, text("small end over", x + 2.0, y - 7.0, &names));
}

/// How many of a hundred got no answer that counts, at each rate of each curve.
fn errors(svg: &mut String, curves: &[&Curve], rates: &Scale) {
    line(svg, text("small dim", 0.0, ERRORS_TOP - 12.0, "errors"));
    for (share, words) in [(0.0, "0 %"), (1.0, "100 %")] {
        let y = ERRORS_BOTTOM - (ERRORS_BOTTOM - ERRORS_TOP) * share;
        line(svg, straight("grid", (LEFT, y), (RIGHT, y)));
        line(svg, text("small dim end", LEFT - 5.0, y + 4.0, words));
    }
    for point in curves.iter().flat_map(|curve| curve.drawn()) {
        let share = point.failed() as f64 / point.requests.max(1) as f64;
        let (x, high) = (
            rates.place(point.rate),
            (ERRORS_BOTTOM - ERRORS_TOP) * share,
        );
        if high > 0.0 {
            let (x, y) = ((x - 3.0).min(RIGHT - 6.0), ERRORS_BOTTOM - high);
            let _ = writeln!(
                svg,
                "<rect class=\"wrong\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"6\" height=\"{high:.1}\"/>"
            );
        }
    }
}

/// A curve for somebody who cannot see it.
fn in_words(curve: &Curve) -> String {
    let mut points = curve.drawn();
    let ends = (points.next(), points.last());
    let ends = match ends {
        (Some(first), Some(last)) => format!(
            "p99 {} ms at {}/s, {} ms at {}/s{}.",
            milliseconds(first.p99_ms),
            number(first.rate),
            milliseconds(last.p99_ms),
            number(last.rate),
            match last.failed() {
                0 => String::new(),
                failed => format!(", with {failed} errors in {}", last.requests),
            }
        ),
        _ => String::new(),
    };
    format!("{}, {}: {ends} {}", curve.name, curve.words, verdict(curve))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::knee::Knee;
    use crate::curve::point::Errors;
    use crate::curve::report::tests::{curve, point, report};
    use crate::svg::{alone, tests::classes_are_known};

    fn drawings() -> Vec<String> {
        let mut report = report();
        report.curves[1].name = "<b>:1".to_owned();
        report.curves[1].points[2].errors.push(Errors {
            reason: "503".to_owned(),
            count: 7,
        });
        let ones = report.curves.iter().map(one);
        ones.chain([all(&report)]).collect()
    }

    #[test]
    fn a_drawing_keeps_the_rules_of_the_book() {
        for svg in drawings() {
            assert!(svg.starts_with("<svg viewBox=\"0 0 480 "), "{svg}");
            assert!(svg.lines().all(|line| !line.trim().is_empty()), "{svg}");
            assert!(svg.contains("role=\"img\">\n<title>") && svg.contains("</title>\n<desc>"));
            for forbidden in [
                "<style",
                "style=",
                "fill=",
                "stroke=",
                "font-size=",
                " id=",
                "#",
            ] {
                assert!(!svg.contains(forbidden), "{forbidden} in {svg}");
            }
        }
        classes_are_known(&drawings().concat());
        assert!(alone(&drawings()[0]).contains("</desc>\n<style>"));
    }

    #[test]
    fn names_of_servers_are_text_and_nothing_else() {
        let svg = drawings().pop().unwrap();
        assert!(svg.contains("&lt;b&gt;:1") && !svg.contains("<b>"), "{svg}");
    }

    #[test]
    fn every_point_is_in_the_picture_and_the_higher_the_longer_people_wait() {
        let svg = one(&report().curves[0]);
        let circles = svg.lines().filter(|line| line.starts_with("<circle"));
        let number = |line: &str, name: &str| -> f64 {
            let value = line.split(name).nth(1).unwrap();
            value.split('"').next().unwrap().parse().unwrap()
        };
        let places = circles.map(|line| (number(line, "cx=\""), number(line, "cy=\"")));
        let places: Vec<(f64, f64)> = places.collect();
        assert_eq!(places.len(), 3);
        assert!(places.is_sorted_by(|one, other| one.0 < other.0 && one.1 >= other.1));
        for (x, y) in places {
            assert!((LEFT..=RIGHT).contains(&x) && (TOP..=BOTTOM).contains(&y));
        }
    }

    #[test]
    fn curves_with_one_knee_share_a_label_and_the_place_of_theory() {
        let mut report = report();
        report.curves.truncate(1);
        let mut twin = report.curves[0].clone();
        twin.name = "lesson10w".to_owned();
        report.curves.push(twin);
        let svg = all(&report);
        assert!(svg.contains(">07, 10w</text>"), "{svg}");
        assert_eq!(svg.matches(">theory 80</text>").count(), 1, "{svg}");
    }

    #[test]
    fn errors_have_a_strip_of_their_own_and_only_where_there_are_some() {
        assert!(!one(&report().curves[0]).contains("class=\"wrong\""));
        let with_errors = &drawings()[1];
        assert_eq!(with_errors.matches("class=\"wrong\"").count(), 1);
        assert!(with_errors.contains("with 7 errors in"), "{with_errors}");
    }

    #[test]
    fn a_server_of_which_nothing_is_known_has_an_empty_picture() {
        let nothing = Curve {
            points: Vec::new(),
            knee: Knee::of(&[], None, 1.0),
            ..curve("x", None)
        };
        assert!(one(&nothing).contains("nothing was measured"));
        let alone = Curve {
            points: vec![point(10.0, 51.0)],
            ..nothing
        };
        assert_eq!(one(&alone).matches("<circle").count(), 1);
    }
}
