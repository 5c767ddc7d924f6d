//! All curves as one page that needs no other file.

use kit::xml::on_one_line;

use crate::curve::drawing;
use crate::curve::overview::NOTES;
use crate::curve::report::{Curve, Report};
use crate::curve::table;
use crate::curve::text::verdict;
use crate::html::{document, figure};

/// The page.
pub fn page(report: &Report) -> String {
    let title = format!(
        "How long people wait when each request {}",
        report.work.words()
    );
    let curves: String = report.curves.iter().map(by_itself).collect();
    let rows = report
        .curves
        .iter()
        .map(|curve| table::knee(curve).to_vec());
    let body = format!(
        "{}{}<p>{}</p>\n<h2>Each by itself</h2>\n{curves}",
        figure(&drawing::all(report), "All in one picture"),
        html_table(&table::KNEES, rows),
        on_one_line(&NOTES.join(" "))
    );
    document(&title, &body, &report.stamp.line())
}

fn by_itself(curve: &Curve) -> String {
    let rows = curve
        .points
        .iter()
        .map(|point| table::point(point).to_vec());
    format!(
        "{}{}",
        figure(&drawing::one(curve), &verdict(curve)),
        html_table(&table::POINTS, rows)
    )
}

fn html_table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let row = |tag: &str, cells: &[String]| {
        let cells = cells.iter();
        let cells = cells.map(|cell| format!("<{tag}>{}</{tag}>", on_one_line(cell)));
        let cells: String = cells.collect();
        format!("<tr>{cells}</tr>\n")
    };
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows: String = rows.map(|cells| row("td", &cells)).collect();
    format!(
        "<div class=\"table-wrapper\"><table>\n{}{rows}</table></div>\n",
        row("th", &heads)
    )
}
