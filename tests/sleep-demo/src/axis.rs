//! Time in a drawing, from left to right, and the bars and names along it.

use std::fmt::Write as _;

use kit::xml::on_one_line;

use crate::lanes::{State, Strip, marks, seconds};
use crate::plan::Load;

/// As wide as a drawing may be to be read on a phone.
pub(crate) const WIDTH: f64 = 480.0;
/// Where time begins, right of the number of the lane.
pub(crate) const LEFT: f64 = 24.0;
/// Where time ends.
pub(crate) const RIGHT: f64 = 474.0;
/// A letter of small bold text takes about so much.
const LETTER: f64 = 7.2;

/// Time, from left to right.
pub(crate) struct Axis {
    /// The time at the right end.
    pub(crate) scale_ms: f64,
}

impl Axis {
    fn x(&self, time_ms: f64) -> f64 {
        let x = LEFT + (RIGHT - LEFT) * (time_ms / self.scale_ms).clamp(0.0, 1.0);
        (x * 10.0).round() / 10.0
    }

    fn marks(&self, load: &Load) -> Vec<f64> {
        marks(load.sleep_ms as f64, self.scale_ms, 8)
    }

    /// What the lines mean, above them.
    pub(crate) fn labels(&self, svg: &mut String, load: &Load, y: f64) {
        for mark in self.marks(load) {
            // The last label ends where the drawing ends.
            let (anchor, x) = match self.x(mark) {
                x if x < WIDTH - 40.0 => ("", x - 3.0),
                _ => (" end", WIDTH),
            };
            let text = seconds(mark);
            let _ = writeln!(
                svg,
                "<text class=\"small dim{anchor}\" x=\"{x}\" y=\"{y}\">{text}</text>"
            );
        }
    }

    /// Thin lines behind everything else.
    pub(crate) fn lines(&self, svg: &mut String, load: &Load, top: f64, bottom: f64) {
        for mark in self.marks(load) {
            let x = self.x(mark);
            let _ = writeln!(
                svg,
                "<line class=\"lane\" x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\"/>"
            );
        }
    }

    /// Grey and colour of one lane.
    pub(crate) fn bars(&self, svg: &mut String, strip: &Strip, y: f64, height: f64) {
        let mut bar = |class: &str, from: f64, until: f64, least: f64| {
            let (x, end) = (self.x(from), self.x(until));
            let width = ((end - x) * 10.0).round() / 10.0;
            if width >= 0.1 || least > 0.0 {
                let width = width.max(least);
                let x = x.min(RIGHT - width);
                let _ = writeln!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
                     height=\"{height}\" rx=\"2\"/>"
                );
            }
        };
        match (strip.state, strip.served_ms) {
            (State::Failed, _) => {
                bar("wait", strip.sent_ms, strip.end_ms, 0.0);
                bar("wrong", strip.end_ms, strip.end_ms, 6.0);
            }
            (_, Some((from, until))) => {
                bar("wait", strip.sent_ms, from, 0.0);
                bar("served", from, until, 1.0);
            }
            (_, None) => bar("wait", strip.sent_ms, strip.end_ms, 0.0),
        }
    }

    /// The worker's name in its bar, or beside it if the bar is too short.
    pub(crate) fn label(&self, svg: &mut String, strip: &Strip, y: f64) {
        let room = strip.label.chars().count() as f64 * LETTER + 8.0;
        let (from, until) = strip.served_ms.unwrap_or((strip.end_ms, strip.end_ms));
        let (from, until) = (self.x(from), self.x(until));
        let plain = match strip.state {
            State::Failed => "small wrong",
            _ => "small",
        };
        let (class, x) = if until - from >= room {
            ("small on mid".to_owned(), (from + until) / 2.0)
        } else if from - LEFT >= room {
            (format!("{plain} end"), from - 4.0)
        } else {
            (plain.to_owned(), until + 10.0)
        };
        if !strip.label.is_empty() {
            let text = on_one_line(&strip.label);
            let _ = writeln!(
                svg,
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y}\">{text}</text>"
            );
        }
    }
}
