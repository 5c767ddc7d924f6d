//! The picture as text: readable without colour, and in 80 columns.

use crate::lanes::{State, Strip, marks, seconds};
use crate::plan::Load;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    /// Columns, at least 60.
    pub columns: usize,
    /// Whether colours may be used.
    pub colour: bool,
    /// The time at the right edge.
    pub scale_ms: f64,
}

/// What the signs mean; printed once.
///
/// While a request is on its way, nobody but the server knows whether it waits or is being served.
pub const LEGEND: &str = "░ waits   █ was being served, as its answer tells   x has failed";

const NUMBER: usize = 4;
const LABEL: usize = 15;
const TIME: usize = 8;

/// What a column of a lane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Empty,
    Waits,
    Served,
    Failed,
}

impl Cell {
    fn sign(self) -> char {
        match self {
            Cell::Empty => ' ',
            Cell::Waits => '░',
            Cell::Served => '█',
            Cell::Failed => 'x',
        }
    }

    fn colour(self) -> Option<&'static str> {
        match self {
            Cell::Empty => None,
            Cell::Waits => Some("\x1b[90m"),
            Cell::Served => Some("\x1b[94m"),
            Cell::Failed => Some("\x1b[91m"),
        }
    }
}

impl Paper {
    /// How many columns the bars have. The last column of the line stays free: some terminals
    /// begin a new line as soon as it is written to.
    fn bar(&self) -> usize {
        self.columns.max(60) - NUMBER - LABEL - TIME - 3
    }

    /// One lane for each strip, and the axis below.
    pub fn waterfall(&self, strips: &[Strip], load: &Load) -> Vec<String> {
        let lanes = (1..).zip(strips).map(|(number, strip)| {
            let time = match strip.state {
                State::Waiting => String::new(),
                _ => format!("{:.2} s", (strip.end_ms - strip.sent_ms) / 1000.0),
            };
            let line = format!(
                "{number:>3} {} {:<LABEL$} {time:>TIME$}",
                self.bar_of(strip),
                shortened(&strip.label, LABEL),
            );
            line.trim_end().to_owned()
        });
        lanes.chain([self.axis(load)]).collect()
    }

    fn bar_of(&self, strip: &Strip) -> String {
        let mut text = String::new();
        let mut last = None;
        for cell in self.cells(strip) {
            if self.colour && last != Some(cell) {
                text.push_str(if last.is_some() { "\x1b[0m" } else { "" });
                text.push_str(cell.colour().unwrap_or_default());
                last = Some(cell);
            }
            text.push(cell.sign());
        }
        text.push_str(if self.colour { "\x1b[0m" } else { "" });
        text
    }

    /// What stands in each column: what was in the middle of its time.
    fn cells(&self, strip: &Strip) -> Vec<Cell> {
        let (from, until) = strip.served_ms.unwrap_or((f64::INFINITY, f64::INFINITY));
        let step = self.scale_ms / self.bar() as f64;
        // The way back of an answer is worth a column only if it takes that long.
        let until = match strip.end_ms - until < step {
            true => until.max(strip.end_ms),
            false => until,
        };
        let mut cells: Vec<Cell> = (0..self.bar())
            .map(|column| match (column as f64 + 0.5) * step {
                time if time >= from && time < until => Cell::Served,
                time if time >= strip.sent_ms && time < strip.end_ms => Cell::Waits,
                _ => Cell::Empty,
            })
            .collect();
        // What is shorter than a column is shown all the same.
        match strip.state {
            State::Served if !cells.contains(&Cell::Served) => {
                cells[self.column(from)] = Cell::Served;
            }
            State::Failed => cells[self.column(strip.end_ms)] = Cell::Failed,
            _ => {}
        }
        cells
    }

    fn column(&self, time_ms: f64) -> usize {
        // Truncation is what is meant: a column begins where its number says.
        let column = (time_ms / self.scale_ms * self.bar() as f64) as usize;
        column.min(self.bar() - 1)
    }

    fn axis(&self, load: &Load) -> String {
        const LONGEST: usize = 8;
        let mut text = " ".repeat(NUMBER);
        let places = self.bar() / LONGEST;
        for mark in marks(load.sleep_ms as f64, self.scale_ms, places) {
            let column = NUMBER + self.column(mark);
            let written = text.chars().count();
            text.push_str(&" ".repeat(column.saturating_sub(written)));
            text.push_str(&seconds(mark));
        }
        text
    }
}

fn shortened(text: &str, most: usize) -> String {
    match text.chars().count() {
        count if count <= most => text.to_owned(),
        _ => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load {
        requests: 4,
        sleep_ms: 500,
        workers: 4,
    };

    const PAPER: Paper = Paper {
        columns: 80,
        colour: false,
        scale_ms: 2000.0,
    };

    fn served(from_ms: f64, until_ms: f64) -> Strip {
        Strip {
            sent_ms: 0.0,
            served_ms: Some((from_ms, until_ms)),
            end_ms: until_ms,
            label: "main".to_owned(),
            state: State::Served,
        }
    }

    fn strips() -> Vec<Strip> {
        let refused = Strip {
            served_ms: None,
            end_ms: 3.0,
            label: "503".to_owned(),
            state: State::Failed,
            ..served(0.0, 0.0)
        };
        let waiting = Strip {
            served_ms: None,
            end_ms: 1040.0,
            label: String::new(),
            state: State::Waiting,
            ..served(0.0, 0.0)
        };
        vec![
            served(0.0, 500.0),
            Strip {
                label: "a-worker-with-a-long-name".to_owned(),
                ..served(500.0, 1000.0)
            },
            refused,
            waiting,
        ]
    }

    #[test]
    fn a_waterfall_in_plain_text() {
        let drawn = PAPER.waterfall(&strips(), &LOAD).join("\n");
        let expected = "
  1 ████████████                                       main              0.50 s
  2 ░░░░░░░░░░░░█████████████                          a-worker-with-…   1.00 s
  3 x                                                  503               0.00 s
  4 ░░░░░░░░░░░░░░░░░░░░░░░░░░
    0 s         0.5 s        1 s         1.5 s       2 s";
        assert_eq!(drawn, expected.trim_start_matches('\n'), "\n{drawn}");
    }

    #[test]
    fn colour_adds_nothing_that_could_be_read() {
        let paper = Paper {
            colour: true,
            ..PAPER
        };
        let coloured = paper.waterfall(&strips(), &LOAD).join("\n");
        assert!(coloured.contains("\x1b[94m█"), "{coloured:?}");
        let mut plain = coloured;
        for code in ["\x1b[0m", "\x1b[90m", "\x1b[91m", "\x1b[94m"] {
            plain = plain.replace(code, "");
        }
        let lines = plain.lines().map(str::trim_end).collect::<Vec<_>>();
        assert_eq!(lines, PAPER.waterfall(&strips(), &LOAD));
    }

    #[test]
    fn no_line_reaches_the_last_column() {
        for columns in [60, 80, 120] {
            let paper = Paper { columns, ..PAPER };
            for line in paper.waterfall(&strips(), &LOAD) {
                assert!(line.chars().count() < columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn the_way_back_of_an_answer_is_shown_if_it_takes_long() {
        let end_of = |end_ms: f64| {
            let strip = Strip {
                end_ms,
                ..served(0.0, 499.0)
            };
            let line = PAPER.waterfall(&[strip], &LOAD).remove(0);
            (line.matches('█').count(), line.matches('░').count())
        };
        assert_eq!(end_of(499.0), (12, 0));
        assert_eq!(end_of(505.0), (13, 0));
        assert_eq!(end_of(1000.0), (12, 13));
    }

    #[test]
    fn what_is_shorter_than_a_column_is_shown_all_the_same() {
        let paper = Paper {
            scale_ms: 1_000_000.0,
            ..PAPER
        };
        let line = &paper.waterfall(&[served(999_999.0, 1_000_000.0)], &LOAD)[0];
        assert_eq!(line.matches('█').count(), 1, "{line}");
    }
}
