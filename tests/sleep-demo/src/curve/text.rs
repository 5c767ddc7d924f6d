//! Curves as text: readable without colour, in 80 columns and in 40.

use crate::curve::point::{Point, Standing};
use crate::curve::report::Curve;
use crate::curve::turn::Now;

/// How to write.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    /// Columns, at least 40. The last one stays free.
    pub columns: usize,
    /// Whether colours may be used.
    pub colour: bool,
}

/// What the signs mean; printed once.
pub const LEGEND: &[&str] = &[
    "Times in ms, from when a request was due.",
    "█ as long as alone   ░ longer   x errors",
    "! does not keep up   ? nobody can say",
];

/// Where there is room for the longest wait as well.
const WIDE: usize = 60;

const GREY: &str = "\x1b[90m";
const BLUE: &str = "\x1b[94m";
const RED: &str = "\x1b[91m";

impl Paper {
    /// One server: its points so far, and what it is at.
    pub fn live(&self, curve: &Curve, now: &Now) -> Vec<String> {
        let mut lines = self.points(curve);
        lines.push(match now.rate {
            None => "asking alone".to_owned(),
            Some(rate) => format!(
                "{}/s: {} due, {} answered, {} errors",
                number(rate),
                now.progress.due,
                now.progress.answered,
                now.progress.failed
            ),
        });
        lines
    }

    /// One server when it is over.
    pub fn whole(&self, curve: &Curve) -> Vec<String> {
        let mut lines = self.points(curve);
        lines.extend(self.wrapped(&verdict(curve)));
        lines.push(String::new());
        lines
    }

    fn points(&self, curve: &Curve) -> Vec<String> {
        let mut lines = self.wrapped(&format!("{}: {}", curve.name, curve.words));
        let max = if self.is_wide() { "    max" } else { "" };
        lines.push(format!("   rate/s    p50    p99{max}  err"));
        let longest = curve.points.iter().map(|point| point.p99_ms);
        let scale_ms = longest.fold(curve.alone_ms * 4.0, f64::max);
        let rows = curve.points.iter();
        lines.extend(rows.map(|point| self.row(point, curve.alone_ms, scale_ms)));
        lines
    }

    fn row(&self, point: &Point, alone_ms: f64, scale_ms: f64) -> String {
        let sign = match point.standing {
            Standing::Kept => " ".to_owned(),
            Standing::Fell => self.coloured(RED, "!"),
            Standing::Unknown => self.coloured(RED, "?"),
        };
        let rate = number(point.rate);
        if let Some(why) = &point.not_as_asked {
            let room = self.columns - 12;
            let why: String = why.chars().take(room).collect();
            return format!("{sign} {rate:>7}  {why}").trim_end().to_owned();
        }
        let max = match self.is_wide() {
            true => format!("{:>7}", milliseconds(point.max_ms)),
            false => String::new(),
        };
        format!(
            "{sign} {rate:>7}{:>7}{:>7}{max}{:>5} {}",
            milliseconds(point.p50_ms),
            milliseconds(point.p99_ms),
            point.failed(),
            self.bar(point, alone_ms, scale_ms)
        )
        .trim_end()
        .to_owned()
    }

    /// Blue for as long as somebody waits who is alone, grey for what is longer.
    fn bar(&self, point: &Point, alone_ms: f64, scale_ms: f64) -> String {
        let taken = if self.is_wide() { 36 } else { 29 };
        // One for the errors, and the last column stays free.
        let room = self.columns - taken - 2;
        let columns = |ms: f64| (ms / scale_ms.max(f64::MIN_POSITIVE) * room as f64).round();
        let whole = columns(point.p99_ms).min(room as f64) as usize;
        let served = (columns(alone_ms) as usize)
            .clamp(1, room)
            .min(whole.max(1));
        let served = if point.p99_ms > 0.0 { served } else { 0 };
        let errors = if point.failed() > 0 { "x" } else { "" };
        [
            self.coloured(BLUE, &"█".repeat(served)),
            self.coloured(GREY, &"░".repeat(whole.saturating_sub(served))),
            self.coloured(RED, errors),
        ]
        .concat()
    }

    /// Whether there is room for the longest wait as well.
    pub fn is_wide(&self) -> bool {
        self.columns >= WIDE
    }

    fn coloured(&self, code: &str, text: &str) -> String {
        match self.colour && !text.trim().is_empty() {
            true => format!("{code}{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    /// Words in lines that fit.
    pub fn wrapped(&self, text: &str) -> Vec<String> {
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let line = lines.last_mut().filter(|line| {
                line.is_empty() || line.chars().count() + 1 + word.chars().count() < self.columns
            });
            match line {
                Some(line) if line.is_empty() => line.push_str(word),
                Some(line) => {
                    line.push(' ');
                    line.push_str(word);
                }
                None => lines.push(format!("  {word}")),
            }
        }
        lines
    }
}

/// What the curve says, in a sentence or two.
pub fn verdict(curve: &Curve) -> String {
    let knee = &curve.knee;
    let measured = match (knee.at(), knee.kept, knee.fell) {
        (Some(at), Some(kept), Some(fell)) => format!(
            "Knee: {}/s (kept {}/s, not {}/s).",
            number(at),
            number(kept),
            number(fell)
        ),
        (_, None, Some(_)) => "It never kept up.".to_owned(),
        (_, Some(kept), None) if curve.ends_in_the_dark() => {
            format!(
                "No knee up to {}/s, and above nobody can say.",
                number(kept)
            )
        }
        (_, Some(kept), None) => format!("No knee up to {}/s.", number(kept)),
        _ => "Nothing is known.".to_owned(),
    };
    let law = match (knee.theory, curve.at_once, curve.full()) {
        (Some(theory), Some(at_once), _) => {
            let off = knee.off().map_or(String::new(), |off| {
                format!(", {} from there", percent(off))
            });
            format!(" Theory: {at_once} at once make {}/s{off}.", number(theory))
        }
        (_, _, Some(full)) => format!(
            " At the knee, {} × {} ms = {full:.1} are served at once.",
            number(knee.at().unwrap_or_default()),
            milliseconds(curve.alone_ms)
        ),
        _ => String::new(),
    };
    let stopped = if curve.stopped {
        " Stopped before its end."
    } else {
        ""
    };
    format!("{measured}{law}{stopped}")
}

/// Three digits say enough, and no digit says nothing.
pub fn number(value: f64) -> String {
    let digits = match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => return format!("{value:.0}"),
    };
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// A time without its unit.
pub fn milliseconds(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// `+1.2 %`.
pub fn percent(share: f64) -> String {
    format!("{:+.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::point::Errors;
    use crate::curve::report::tests::{curve, report};
    use load::Progress;

    const PAPER: Paper = Paper {
        columns: 80,
        colour: false,
    };

    const NARROW: Paper = Paper {
        columns: 40,
        colour: false,
    };

    #[test]
    fn a_curve_in_plain_text() {
        let mut curve = curve("lesson07", Some(4));
        curve.points[2].errors.push(Errors {
            reason: "503".to_owned(),
            count: 3,
        });
        let expected = "\
lesson07: a pool of 4 workers
   rate/s    p50    p99    max  err
       40   25.5   51.0   51.0    0 █████
       78   26.0   52.0   52.0    0 █████
!      84    200    400    400    3 █████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░x
Knee: 80.9/s (kept 78/s, not 84/s). Theory: 4 at once make 80/s, +1.2 % from
  there.
";
        let whole = PAPER.whole(&curve).join("\n");
        assert_eq!(whole, expected, "\n{whole}");
    }

    #[test]
    fn the_same_in_40_columns() {
        let whole = NARROW.whole(&curve("lesson07", Some(4))).join("\n");
        let expected = "\
lesson07: a pool of 4 workers
   rate/s    p50    p99  err
       40   25.5   51.0    0 █
       78   26.0   52.0    0 █
!      84    200    400    0 █░░░░░░░░
Knee: 80.9/s (kept 78/s, not 84/s).
  Theory: 4 at once make 80/s, +1.2 %
  from there.
";
        assert_eq!(whole, expected, "\n{whole}");
    }

    #[test]
    fn a_server_that_we_do_not_know_is_told_how_many_it_serves_at_once() {
        let words = verdict(&curve("server.py", None));
        assert!(
            words.ends_with("At the knee, 80.9 × 50.5 ms = 4.1 are served at once."),
            "{words}"
        );
    }

    #[test]
    fn colour_adds_nothing_that_could_be_read() {
        let curve = curve("lesson07", Some(4));
        let paper = Paper {
            colour: true,
            ..PAPER
        };
        let mut plain = paper.whole(&curve).join("\n");
        assert!(plain.contains("\x1b[94m█"), "{plain:?}");
        for code in ["\x1b[0m", GREY, BLUE, RED] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, PAPER.whole(&curve).join("\n"));
    }

    #[test]
    fn no_line_reaches_the_last_column() {
        let mut report = report();
        let odd = &mut report.curves[1].points;
        odd[0].not_as_asked = Some("this machine was too busy to keep the schedule".to_owned());
        odd[0].standing = Standing::Unknown;
        odd[1].p99_ms = 0.0;
        let now = Now {
            rate: Some(80.0),
            progress: Progress::default(),
        };
        for columns in [40, 60, 80, 100] {
            let paper = Paper { columns, ..PAPER };
            let mut lines = Vec::new();
            lines.extend(report.curves.iter().flat_map(|curve| paper.whole(curve)));
            lines.extend(
                report
                    .curves
                    .iter()
                    .flat_map(|curve| paper.live(curve, &now)),
            );
            lines.extend(LEGEND.iter().flat_map(|note| paper.wrapped(note)));
            for line in lines {
                assert!(line.chars().count() < columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn numbers_have_three_digits_that_say_something() {
        assert_eq!(
            [9.5, 20.0, 79.94, 640.4].map(number),
            ["9.5", "20", "79.9", "640"]
        );
        assert_eq!(
            [0.25, 50.46, 1097.2].map(milliseconds),
            ["0.25", "50.5", "1097"]
        );
    }
}
