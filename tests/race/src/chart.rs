//! The figures as a drawing, in the language of all figures of the course: colour is what the
//! server gives, grey is what it spends on top of the limit.

use std::fmt::Write as _;

use kit::xml::escaped;

use crate::report::{Class, HONEST, Report, Row};
use crate::table::capitalised;

const WIDTH: f64 = 400.0;
/// Where bars begin, behind the names.
const LEFT: f64 = 92.0;
/// Where bars end that reach the limit.
const FULL: f64 = 340.0;
const HEAD: f64 = 30.0;
const BAR: f64 = 24.0;
const GAP: f64 = 8.0;

/// The whole report as SVG, to be inlined in a figure.
pub fn draw(report: &Report) -> String {
    let height: f64 = report.classes.iter().map(height_of).sum();
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        svg,
        "<title>What a request costs, compared with the limit</title>"
    );
    let _ = writeln!(svg, "<desc>{}</desc>", description(report));
    let mut top = 0.0;
    for class in &report.classes {
        draw_class(&mut svg, class, top);
        top += height_of(class);
    }
    svg.push_str("</svg>\n");
    svg
}

fn height_of(class: &Class) -> f64 {
    HEAD + (BAR + GAP) * class.rows.len() as f64 + GAP
}

fn draw_class(svg: &mut String, class: &Class, top: f64) {
    let heading = format!(
        "{}, {} at a time",
        capitalised(&class.name),
        class.connections
    );
    let _ = writeln!(
        svg,
        "<text x=\"0\" y=\"{}\">{}</text>",
        top + 18.0,
        escaped(&heading)
    );
    for (index, row) in class.rows.iter().enumerate() {
        draw_row(svg, row, top + HEAD + (BAR + GAP) * index as f64);
    }
    let (from, to) = (top + HEAD - 4.0, top + height_of(class) - GAP);
    let _ = writeln!(
        svg,
        "<line class=\"line\" x1=\"{FULL}\" y1=\"{from}\" x2=\"{FULL}\" y2=\"{to}\"/>"
    );
}

fn draw_row(svg: &mut String, row: &Row, top: f64) {
    let middle = top + 17.0;
    let name: String = row.name.chars().take(12).collect();
    let _ = writeln!(
        svg,
        "<text class=\"small\" x=\"0\" y=\"{middle}\">{}</text>",
        escaped(&name)
    );
    let Some(ratio) = row.ratio else {
        let _ = writeln!(
            svg,
            "<text class=\"small dim\" x=\"{LEFT}\" y=\"{middle}\">not measured</text>"
        );
        return;
    };
    let reach = (FULL - LEFT) * ratio.median.min((WIDTH - 50.0 - LEFT) / (FULL - LEFT));
    let mut bar = |class: &str, x: f64, width: f64| {
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{BAR}\"/>"
        );
    };
    bar("served", LEFT, reach);
    if LEFT + reach < FULL {
        bar("wait", LEFT + reach, FULL - LEFT - reach);
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{middle}\">{:.2}</text>",
        FULL.max(LEFT + reach) + 8.0,
        ratio.median
    );
}

/// The drawing in words.
fn description(report: &Report) -> String {
    let mut text = String::from(
        "Bars that reach the line cost as little processor time per request as the limit. ",
    );
    for class in &report.classes {
        let rows = class.rows.iter().map(|row| match row.ratio {
            Some(ratio) => format!("{} {:.2}", row.name, ratio.median),
            None => format!("{} not measured", row.name),
        });
        let rows: Vec<String> = rows.collect();
        let _ = write!(text, "{}: {}. ", capitalised(&class.name), rows.join(", "));
    }
    escaped(&(text + HONEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Spread;
    use crate::report::tests::example;

    #[test]
    fn a_bar_is_as_long_as_its_share_of_the_limit() {
        let svg = draw(&example());
        let served = "<rect class=\"served\" x=\"92.0\" y=\"30\" width=\"223.2\" height=\"24\"/>";
        let wait = "<rect class=\"wait\" x=\"315.2\" y=\"30\" width=\"24.8\" height=\"24\"/>";
        assert!(svg.contains(served) && svg.contains(wait), "{svg}");
        assert!(svg.contains("far &lt;away&gt; not measured"), "{svg}");
    }

    #[test]
    fn a_server_cheaper_than_the_limit_stays_inside_the_drawing() {
        let mut report = example();
        report.classes[0].rows[0].ratio = Some(Spread::of(&[9.0]));
        assert!(draw(&report).contains("x=\"358\""), "{}", draw(&report));
    }

    #[test]
    fn the_drawing_keeps_the_rules_of_the_book() {
        let svg = draw(&example());
        assert!(svg.starts_with("<svg viewBox=\"0 0 400 102\" role=\"img\">\n<title>"));
        assert!(svg.lines().all(|line| !line.trim().is_empty()));
        assert!(!svg.contains("style") && !svg.contains("fill=") && !svg.contains(" id="));
    }
}
