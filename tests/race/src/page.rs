//! The figures for the book: a fragment that chapters include.

use crate::report::{Crowd, HONEST, Report, Row, Spread};
use crate::table::{capitalised, milliseconds, quiet_cells, thousands};

/// The whole report as Markdown.
pub fn draw(report: &Report) -> String {
    let mut text = String::new();
    for class in &report.classes {
        text.push_str(&format!(
            "{}, {} at a time:\n\n\
             | server | of the limit | CPU time per request | requests per second | p99 |\n\
             |---|--:|--:|--:|--:|\n",
            capitalised(&class.name),
            class.connections
        ));
        for row in class.rows.iter().chain([&class.limit]) {
            text.push_str(&table_row(row));
        }
        text.push('\n');
        for trouble in class.troubles().chain(class.noise()) {
            text.push_str(&(escaped(&trouble) + "\n\n"));
        }
    }
    text.push_str(&format!(
        "Medians of {} of {} s, server and client on a core each. *Of the limit*: the \
         limit's processor time per request as a fraction of the server's (least and most in \
         parentheses), user and system time of its whole process tree; 1 would be as cheap as the \
         limit. {HONEST}\n\n\
         {}\n",
        report.rounds_in_words(),
        report.seconds,
        report.stamp.line()
    ));
    text
}

/// What quiet clients cost, as Markdown, with the stamp of the run.
pub fn draw_crowd(report: &Report) -> Option<String> {
    let crowd = report.crowd.as_ref()?;
    let mut text = String::from(
        "| server | its quiet clients | so many | bytes for each | others |\n\
         |---|---|--:|--:|---|\n",
    );
    for row in &crowd.rows {
        let cells = quiet_cells(row).map(|cell| escaped(&cell).replace(' ', "\u{a0}"));
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text.push('\n');
    for sentence in crowd.troubles().chain([Crowd::EXPLAINED.to_owned()]) {
        text.push_str(&(escaped(&sentence) + "\n\n"));
    }
    text.push_str(&format!("{}\n", report.stamp.line()));
    Some(text)
}

fn table_row(row: &Row) -> String {
    let ratio = row.ratio.map(|ratio| {
        let Spread { median, min, max } = ratio;
        format!("{median:.2} ({min:.2}–{max:.2})")
    });
    let cpu = row.cpu_us.map(|cpu| format!("{:.1} µs", cpu.median));
    let figures = [
        ratio.unwrap_or("–".to_owned()),
        cpu.unwrap_or("–".to_owned()),
        thousands(row.per_second.median),
        milliseconds(row.p99_us.median),
    ];
    // A figure and its unit stay on one line.
    let figures = figures.map(|figure| figure.replace(' ', "\u{a0}"));
    format!("| {} | {} |\n", escaped(&row.name), figures.join(" | "))
}

/// A name that is no markup.
fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;

    #[test]
    fn a_page_fragment_holds_figures_stamp_and_the_honest_sentence() {
        let text = draw(&example());
        for part in [
            "A new connection for each request, 16 at a time:\n\n| server",
            "| lesson03 | 0.90\u{a0}(0.81–0.99) | 16.7\u{a0}µs | 12\u{a0}346 | 1.23\u{a0}ms |\n",
            "| far &lt;away> | – | – | 12\u{a0}346 | 1.23\u{a0}ms |\n",
            "| the limit | – | 15.0\u{a0}µs |",
            "\nfar &lt;away>: 7 requests failed.\n\nFell out",
            "opposite order of their worth",
            "machine: Example, 2 cores; kernel: 6.1; rustc: 1.95.0; commit: 0123abc\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn quiet_clients_have_a_table_of_their_own() {
        let text = draw_crowd(&example()).unwrap();
        for part in [
            "| lesson10 | kept\u{a0}alive | 4\u{a0}000 | 246 | served |\n",
            "| lesson03 | kept\u{a0}alive | 1 | – | wait |\n",
            "Not measured: far: nobody",
            "commit: 0123abc\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(!draw(&example()).contains("Not measured"));
    }
}
