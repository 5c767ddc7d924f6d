//! All runs in one table: as text for a terminal, as Markdown for the book.

use crate::run::Run;

/// What the columns mean.
pub const NOTES: &[&str] = &[
    "Times in seconds: p50, p95, max are how long a client waited; ideal is what a",
    "server of this kind needs if only sleeping costs time; over = total/ideal - 1.",
    "procs, thr, MiB: the most processes, threads and memory at one moment (what",
    "processes share counts once). csw: context switches that were seen.",
];

/// The heads of the columns.
pub const HEADS: [&str; 11] = [
    "server", "total", "p50", "p95", "max", "ideal", "over", "procs", "thr", "MiB", "csw",
];

/// Widths that together make 79 columns, one blank between two cells.
const WIDTHS: [usize; 11] = [11, 7, 6, 6, 6, 6, 7, 5, 4, 5, 6];

/// The table for a terminal of 80 columns.
pub fn text(runs: &[Run]) -> Vec<String> {
    let rows = runs.iter().map(|run| line(&cells(run)));
    std::iter::once(line(&HEADS.map(str::to_owned)))
        .chain(rows)
        .collect()
}

fn line(cells: &[String; 11]) -> String {
    let padded = cells.iter().zip(WIDTHS).enumerate();
    let padded = padded.map(|(index, (cell, width))| match index {
        0 => format!("{:<width$}", ending(cell, width)),
        _ => format!("{cell:>width$}"),
    });
    padded.collect::<Vec<_>>().join(" ")
}

/// The end of a name that is too long: ports differ more often than hosts.
fn ending(name: &str, most: usize) -> String {
    let count = name.chars().count();
    match count <= most {
        true => name.to_owned(),
        false => format!(
            "…{}",
            name.chars().skip(count + 1 - most).collect::<String>()
        ),
    }
}

/// The tables for the book, one of times and one of what they took, so that each fits on a page.
/// They say what serves a request, and how far the rounds went apart.
pub fn markdown(runs: &[Run]) -> String {
    let mut times = String::from(
        "| seconds | total | p50 | p95 | max | ideal | over the ideal |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut means = String::from(
        "| server | what serves a request | processes | threads | peak memory, MiB | \
         context switches |\n\
         |---|---|--:|--:|--:|--:|\n",
    );
    for run in runs {
        let [name, time @ .., processes, threads, memory, switches] = cells(run);
        let mut time = time.join(" | ");
        if let [quickest, .., slowest] = run.rounds_ms[..] {
            let over = |total_ms: f64| percent(total_ms / run.summary.ideal_ms - 1.0);
            time.push_str(&format!(" ({} to {})", over(quickest), over(slowest)));
        }
        times.push_str(&format!("| {name} | {} |\n", time.replace(" %", "\u{a0}%")));
        let words = &run.words;
        means.push_str(&format!(
            "| {name} | {words} | {processes} | {threads} | {memory} | {switches} |\n"
        ));
    }
    format!("{times}\n{means}")
}

/// What stands in the row of a run.
pub fn cells(run: &Run) -> [String; 11] {
    let summary = &run.summary;
    let seconds = |milliseconds: f64| format!("{:.3}", milliseconds / 1000.0);
    let overhead = match summary.overhead {
        Some(overhead) => percent(overhead),
        None => format!("{} lost", summary.failed),
    };
    let seen = |number: fn(&crate::observe::Observed) -> String| {
        run.observed.as_ref().map_or("-".to_owned(), number)
    };
    [
        run.name.clone(),
        seconds(summary.total_ms),
        seconds(summary.p50_ms),
        seconds(summary.p95_ms),
        seconds(summary.max_ms),
        seconds(summary.ideal_ms),
        overhead,
        seen(|observed| observed.processes.to_string()),
        seen(|observed| observed.threads.to_string()),
        seen(|observed| format!("{:.1}", observed.peak_memory_kib as f64 / 1024.0)),
        seen(|observed| observed.context_switches.to_string()),
    ]
}

/// `+0.2 %`.
pub fn percent(overhead: f64) -> String {
    format!("{:+.1} %", overhead * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Observed;
    use crate::plan::Kind;
    use crate::run::Summary;

    fn run(name: &str, overhead: Option<f64>, observed: Option<Observed>) -> Run {
        Run {
            name: name.to_owned(),
            words: "one at a time".to_owned(),
            kind: Kind::OneAtATime,
            summary: Summary {
                total_ms: 6012.0,
                p50_ms: 3006.0,
                p95_ms: 6011.6,
                max_ms: 6012.0,
                ideal_ms: 6000.0,
                overhead,
                failed: 2,
            },
            rounds_ms: vec![6012.0, 6012.0, 6600.0],
            observed,
            requests: Vec::new(),
        }
    }

    fn runs() -> Vec<Run> {
        let observed = Observed {
            processes: 13,
            threads: 13,
            peak_memory_kib: 30_000,
            context_switches: 1234,
        };
        vec![
            run("lesson03", Some(0.002), Some(observed)),
            run("localhost:18080", None, None),
        ]
    }

    #[test]
    fn a_table_in_80_columns() {
        let table = text(&runs()).join("\n");
        let expected = "\
server        total    p50    p95    max  ideal    over procs  thr   MiB    csw
lesson03      6.012  3.006  6.012  6.012  6.000  +0.2 %    13   13  29.3   1234
…host:18080   6.012  3.006  6.012  6.012  6.000  2 lost     -    -     -      -";
        assert_eq!(table, expected, "\n{table}");
    }

    #[test]
    fn every_row_of_the_markdown_has_all_columns() {
        let text = markdown(&runs());
        let (times, means) = text.split_once("\n\n").unwrap();
        assert!(
            times.lines().all(|line| line.matches('|').count() == 8),
            "{times}"
        );
        assert!(
            means.lines().all(|line| line.matches('|').count() == 7),
            "{means}"
        );
        assert_eq!(times.lines().count(), means.lines().count());
    }

    #[test]
    fn the_book_tells_how_far_the_rounds_went_apart() {
        let text = markdown(&runs());
        assert!(
            text.contains("| +0.2\u{a0}% (+0.2\u{a0}% to +10.0\u{a0}%) |"),
            "{text}"
        );
    }

    #[test]
    fn table_and_notes_fit_into_80_columns() {
        assert!(NOTES.iter().all(|note| note.len() < 80));
        assert!(text(&runs()).iter().all(|row| row.chars().count() < 80));
    }
}
