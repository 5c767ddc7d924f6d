//! A run as one page that needs no other file.

use kit::xml::on_one_line;

use crate::report::Report;
use crate::table::reasons;
use crate::timeline;

/// The book's own style sheet: the drawing is the same as there.
const COURSE: &str = include_str!("../../../book/theme/course.css");

/// What mdBook's themes bring along, for a page that is not mdBook's.
const PAGE: &str = "\
:root { color-scheme: light dark; --fg: #24292f; --bg: #ffffff; --mono-font: ui-monospace, monospace; }
@media (prefers-color-scheme: dark) { :root { --fg: #e6edf3; --bg: #16181d; } }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; color: var(--fg); background: var(--bg);
       font: 16px/1.5 \"Open Sans\", \"Segoe UI\", sans-serif; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
:is(th, td) { padding: 4px 10px; text-align: left; border-bottom: 1px solid var(--course-lane); }
footer { margin-top: 2em; font-size: 0.85em; color: var(--course-dim); }
";

/// The page.
pub fn page(report: &Report) -> String {
    let mut rows = String::new();
    for act in &report.acts {
        for (kind, count) in [("GET", &act.get), ("POST", &act.post)] {
            rows += &format!(
                "<tr><td>{}</td><td>{kind}</td><td>{}</td><td>{}</td><td>{} ms</td><td>{} ms</td>\
                 <td>{}</td></tr>\n",
                on_one_line(&act.name),
                count.requests,
                count.lost,
                count.longest_gap_ms,
                count.slowest_ms,
                on_one_line(&reasons(count)),
            );
        }
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Three machines behind a balancer</title>\n<style>\n{PAGE}{COURSE}</style>\n\
         </head>\n<body>\n<h1>Three machines behind a balancer</h1>\n\
         <figure class=\"fig\">\n{}</figure>\n<table>\n<tr><th></th><th></th><th>requests</th>\
         <th>lost</th><th>longest gap</th><th>slowest</th><th>why</th></tr>\n{rows}</table>\n\
         <footer>{} {}</footer>\n</body>\n</html>\n",
        timeline::draw(report),
        on_one_line(&report.left_out.join("; ")),
        on_one_line(&report.stamp.line()),
    )
}
