//! All curves in one picture and one table.

use crate::curve::report::{Curve, Report};
use crate::curve::text::{Paper, milliseconds, number, percent};

/// What picture and table mean.
pub const NOTES: &[&str] = &[
    "Both axes double from mark to mark. + is where several curves are.",
    "Behind its knee a server has no p99: the longer the load lasts, the longer the queue.",
    "full = knee × alone: as many are inside when no more can be served at once (Little's law).",
];

/// Rows of the picture.
const ROWS: usize = 14;

/// For the times at the left edge.
const LEFT: usize = 8;

/// The picture, and what its letters stand for.
pub fn overview(report: &Report, paper: &Paper) -> Vec<String> {
    let mut lines = picture(report, paper);
    lines.extend(table(report, paper));
    lines
}

/// Where values are in the picture, as powers of two.
struct Grid {
    columns: usize,
    rates: (f64, f64),
    waits: (f64, f64),
}

impl Grid {
    fn column(&self, rate: f64) -> usize {
        place(rate, self.rates, self.columns)
    }

    /// Counted from below.
    fn row(&self, wait_ms: f64) -> usize {
        place(wait_ms, self.waits, ROWS)
    }

    /// Which rate a column stands for.
    fn rate(&self, column: usize) -> f64 {
        let (low, high) = self.rates;
        low * (high / low).powf(column as f64 / (self.columns - 1) as f64)
    }
}

/// The place of a value between two others, on a scale of doublings.
fn place(value: f64, (low, high): (f64, f64), places: usize) -> usize {
    let share = (value / low).ln() / (high / low).ln();
    // A share that is no number is that of a scale without length.
    (share.clamp(0.0, 1.0) * (places - 1) as f64).round() as usize
}

fn picture(report: &Report, paper: &Paper) -> Vec<String> {
    let rates = report.curves.iter().flat_map(Curve::drawn);
    let rates = rates.map(|point| point.rate);
    let (low, high) = rates.fold((f64::INFINITY, 0.0_f64), |(low, high), rate| {
        (low.min(rate), high.max(rate))
    });
    let Some((least, most)) = span_ms(report).filter(|_| high > low) else {
        return Vec::new();
    };
    let grid = Grid {
        columns: paper.columns - LEFT - 1,
        rates: (low, high),
        waits: (least / 1.2, most.max(least * 4.0)),
    };
    let mut cells = vec![vec![' '; grid.columns]; ROWS];
    for (index, curve) in report.curves.iter().enumerate() {
        trace(curve, letter(index), &grid, &mut cells);
    }
    let mut lines = vec!["p99 in ms".to_owned()];
    let mut mark = 0.0;
    for (row, signs) in cells.iter().enumerate().rev() {
        let (low, high) = grid.waits;
        let wait = low * (high / low).powf(row as f64 / (ROWS - 1) as f64);
        // A mark for each doubling, from above.
        let label = match mark == 0.0 || wait * 2.0 <= mark * 1.05 {
            true => {
                mark = wait;
                milliseconds(wait)
            }
            false => String::new(),
        };
        let signs: String = signs.iter().collect();
        lines.push(format!("{label:>6} │{}", signs.trim_end()));
    }
    lines.push(format!("       └{}", "─".repeat(grid.columns)));
    lines.push(rate_marks(&grid));
    lines.push(String::new());
    lines
}

/// The rates below the picture, each twice the one before.
fn rate_marks(grid: &Grid) -> String {
    let mut text = String::new();
    let mut rate = grid.rates.0;
    while rate <= grid.rates.1 * 1.01 {
        let column = LEFT + grid.column(rate);
        let label = format!("{}/s", number(rate));
        let written = text.chars().count();
        // A label without room is left out.
        if (written == 0 || written + 2 <= column) && column + label.len() <= LEFT + grid.columns {
            text.push_str(&" ".repeat(column - written));
            text.push_str(&label);
        }
        rate *= 2.0;
    }
    text
}

/// Draws a curve from point to point.
fn trace(curve: &Curve, sign: char, grid: &Grid, cells: &mut [Vec<char>]) {
    let points: Vec<_> = curve.drawn().filter(|point| point.p99_ms > 0.0).collect();
    let mut put = |column: usize, row: usize| {
        let cell = &mut cells[row][column];
        *cell = match *cell {
            ' ' => sign,
            other if other == sign => sign,
            _ => '+',
        };
    };
    if let [only] = points[..] {
        return put(grid.column(only.rate), grid.row(only.p99_ms));
    }
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (first, last) = (grid.column(from.rate), grid.column(to.rate));
        let mut before = grid.row(from.p99_ms);
        for column in first..=last {
            let share = match last > first {
                true => ((grid.rate(column) / from.rate).ln() / (to.rate / from.rate).ln())
                    .clamp(0.0, 1.0),
                false => 1.0,
            };
            let wait = from.p99_ms * (to.p99_ms / from.p99_ms).powf(share);
            let row = grid.row(wait);
            // Where it is steep, what lies between belongs to it, too.
            for row in before.min(row) + 1..before.max(row) {
                put(column, row);
            }
            put(column, row);
            before = row;
        }
    }
}

fn table(report: &Report, paper: &Paper) -> Vec<String> {
    let is_wide = paper.is_wide();
    let mut lines = vec![match is_wide {
        true => "  server      alone    knee  theory      off   full".to_owned(),
        false => "  server      knee  theory     off".to_owned(),
    }];
    for (index, curve) in report.curves.iter().enumerate() {
        let or_none = |value: Option<f64>| value.map_or("none".to_owned(), number);
        let knee = match curve.knee.at() {
            None if curve.ends_in_the_dark() => "?".to_owned(),
            at => or_none(at),
        };
        let theory = curve.knee.theory.map_or("-".to_owned(), number);
        let off = curve.knee.off().map_or("-".to_owned(), percent);
        let name: String = curve.name.chars().take(10).collect();
        let letter = letter(index);
        lines.push(match is_wide {
            true => format!(
                "{letter} {name:<10}{:>7}{knee:>8}{theory:>8}{off:>9}{:>7}",
                milliseconds(curve.alone_ms),
                curve
                    .full()
                    .map_or("-".to_owned(), |full| format!("{full:.1}"))
            ),
            false => format!("{letter} {name:<10}{knee:>6}{theory:>8}{off:>8}"),
        });
    }
    lines.push(String::new());
    lines
}

/// The letter of a curve in the picture of all.
fn letter(index: usize) -> char {
    char::from(b'a' + (index % 26) as u8)
}

/// The longest wait of all curves, and the shortest.
fn span_ms(report: &Report) -> Option<(f64, f64)> {
    let waits = report.curves.iter().flat_map(Curve::drawn);
    let waits = waits.map(|point| point.p99_ms).filter(|wait| *wait > 0.0);
    let (least, most) = waits.fold((f64::INFINITY, 0.0_f64), |(least, most), wait| {
        (least.min(wait), most.max(wait))
    });
    (most > 0.0).then_some((least, most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::report::tests::report;
    use crate::curve::text::verdict;

    const PAPER: Paper = Paper {
        columns: 80,
        colour: false,
    };

    const NARROW: Paper = Paper {
        columns: 40,
        colour: false,
    };

    #[test]
    fn no_line_reaches_the_last_column() {
        for columns in [40, 60, 80, 100] {
            let paper = Paper { columns, ..PAPER };
            let mut lines = overview(&report(), &paper);
            lines.extend(NOTES.iter().flat_map(|note| paper.wrapped(note)));
            for line in lines {
                assert!(line.chars().count() < columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn all_curves_are_in_one_picture_with_their_letters() {
        let lines = overview(&report(), &PAPER);
        let picture: String = lines
            .iter()
            .filter(|line| line.contains('│'))
            .cloned()
            .collect();
        // Both curves are the same, so they are where several are.
        assert!(picture.contains('+') && !picture.contains('a'), "{picture}");
        assert!(
            lines.iter().any(|line| line.starts_with("a lesson07")),
            "{lines:?}"
        );
        assert!(
            lines.iter().any(|line| line.starts_with("b server.py")),
            "{lines:?}"
        );
    }

    #[test]
    fn where_nothing_is_known_there_is_no_picture_but_a_table() {
        let mut report = report();
        report
            .curves
            .iter_mut()
            .for_each(|curve| curve.points.clear());
        let lines = overview(&report, &NARROW);
        assert!(lines[0].starts_with("  server") && !lines.concat().contains('│'));
        assert_eq!(
            verdict(&report.curves[1]).split('.').next(),
            Some("Knee: 80")
        );
    }
}
