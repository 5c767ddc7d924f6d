//! All runs as one page that needs no other file.

use kit::xml::on_one_line;

use crate::report::Report;
use crate::svg;
use crate::table;

/// The book's own style sheet: the drawings are the same as there.
const COURSE: &str = include_str!("../../../book/theme/course.css");

/// What mdBook's themes bring along, for a page that is not mdBook's.
const PAGE: &str = "\
:root { color-scheme: light dark; --fg: #24292f; --bg: #ffffff; --mono-font: ui-monospace, monospace; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --bg: #16181d; } }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; color: var(--fg); background: var(--bg);
       font: 16px/1.5 \"Open Sans\", \"Segoe UI\", sans-serif; }
.table-wrapper table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.table-wrapper :is(th, td) { padding: 4px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--course-lane); }
.table-wrapper :is(th, td):is(:first-child, :nth-child(2)) { text-align: left; }
footer { margin-top: 2em; font-size: 0.85em; color: var(--course-dim); }
";

/// The page.
pub fn page(report: &Report) -> String {
    let load = &report.load;
    let title = format!(
        "{} requests at once, each sleeps {}",
        load.requests,
        crate::lanes::seconds(load.sleep_ms as f64)
    );
    let figures: String = report
        .runs
        .iter()
        .map(|run| figure(&svg::one(run, load), &svg::title(run)))
        .collect();
    let body = format!(
        "<p>Grey waits, colour is being served. One lane for each request, time to the right.</p>\n\
         {}{}<p>{}</p>\n<h2>Each by itself</h2>\n{figures}",
        figure(&svg::all(report), "All on one scale"),
        html_table(report),
        on_one_line(&table::NOTES.join(" "))
    );
    document(&title, &body, &report.stamp.line())
}

/// A whole page. Title and stamp are words, the body is HTML.
pub(crate) fn document(title: &str, body: &str, stamp: &str) -> String {
    let (title, stamp) = (on_one_line(title), on_one_line(stamp));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{PAGE}{COURSE}</style>\n</head>\n<body>\n\
         <h1>{title}</h1>\n{body}<footer>{stamp}</footer>\n</body>\n</html>\n"
    )
}

/// A drawing under which stands what it shows.
pub(crate) fn figure(drawing: &str, caption: &str) -> String {
    format!(
        "<figure class=\"fig\">\n{drawing}<figcaption>{}</figcaption>\n</figure>\n",
        on_one_line(caption)
    )
}

fn html_table(report: &Report) -> String {
    let row = |tag: &str, cells: Vec<String>| {
        let cells: String = cells
            .iter()
            .map(|cell| format!("<{tag}>{}</{tag}>", on_one_line(cell)))
            .collect();
        format!("<tr>{cells}</tr>\n")
    };
    let with_words = |words: &str, cells: [String; 11]| {
        let mut cells = cells.to_vec();
        cells.insert(1, words.to_owned());
        cells
    };
    let rows: String = report
        .runs
        .iter()
        .map(|run| row("td", with_words(&run.words, table::cells(run))))
        .collect();
    let heads = row(
        "th",
        with_words("what serves", table::HEADS.map(str::to_owned)),
    );
    format!("<div class=\"table-wrapper\"><table>\n{heads}{rows}</table></div>\n")
}
