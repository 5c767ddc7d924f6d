//! All curves as data, with a stamp of where they were made.

use kit::stamp::Stamp;
use serde::{Deserialize, Serialize};

use crate::curve::knee::Knee;
use crate::curve::point::{Point, Standing};
use crate::curve::work::Work;

/// Everything that was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and from what.
    pub stamp: Stamp,
    /// What was asked.
    pub work: Work,
    /// How many cores the servers had.
    pub cores: usize,
    /// One curve for each server.
    pub curves: Vec<Curve>,
}

/// How long people waited for one server, at one rate after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// `lesson03`, or what a foreign server is called.
    pub name: String,
    /// What serves a request there.
    pub words: String,
    /// How many requests it serves at once, if that is known.
    pub at_once: Option<usize>,
    /// How long somebody waits who is alone.
    pub alone_ms: f64,
    /// Where it ceases to keep up.
    pub knee: Knee,
    /// From the lowest rate to the highest.
    pub points: Vec<Point>,
    /// Whether somebody stopped it before the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
}

impl Curve {
    /// The points that say something about the server.
    pub fn drawn(&self) -> impl Iterator<Item = &Point> {
        let points = self.points.iter();
        points.filter(|point| point.standing != Standing::Unknown)
    }

    /// Whether nothing is known about the highest rate: the knee may lie there.
    pub fn ends_in_the_dark(&self) -> bool {
        let last = self.points.last();
        last.is_some_and(|point| point.standing == Standing::Unknown)
    }

    /// How many requests are inside when it is full, by Little's law and its own numbers: those
    /// that come in a second at the knee, for as long as somebody stays who is alone.
    pub fn full(&self) -> Option<f64> {
        Some(self.knee.at()? * self.alone_ms / 1000.0)
    }
}

impl Report {
    /// As text, with a line for each value, so that differences can be read.
    pub fn to_json(&self) -> String {
        // Serialising fails for maps whose keys are no strings, and there is no map here.
        let mut text = serde_json::to_string_pretty(self).expect("a report has no maps");
        text.push('\n');
        text
    }

    /// What `to_json` has written.
    pub fn of_json(text: &str) -> Result<Report, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A rate that was kept if nobody waited for long.
    pub(crate) fn point(rate: f64, p99_ms: f64) -> Point {
        Point {
            standing: match p99_ms < 100.0 {
                true => Standing::Kept,
                false => Standing::Fell,
            },
            requests: rate as usize,
            p50_ms: p99_ms / 2.0,
            p99_ms,
            max_ms: p99_ms,
            mean_ms: p99_ms / 2.0,
            answers_per_second: rate,
            ..Point::at(rate)
        }
    }

    pub(crate) fn curve(name: &str, at_once: Option<usize>) -> Curve {
        let points = vec![point(40.0, 51.0), point(78.0, 52.0), point(84.0, 400.0)];
        Curve {
            name: name.to_owned(),
            words: "a pool of 4 workers".to_owned(),
            at_once,
            alone_ms: 50.5,
            knee: Knee::of(&points, at_once, 50.0),
            points,
            stopped: false,
        }
    }

    pub(crate) fn report() -> Report {
        let text = String::new;
        Report {
            stamp: Stamp {
                machine: text(),
                kernel: text(),
                rustc: text(),
                commit: text(),
                build: None,
            },
            work: Work::Sleep(50),
            cores: 1,
            curves: vec![curve("lesson07", Some(4)), curve("server.py", None)],
        }
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let mut report = report();
        report.curves[0].points[0].not_as_asked = Some("late".to_owned());
        report.curves[1].stopped = true;
        assert_eq!(Report::of_json(&report.to_json()), Ok(report));
        assert!(Report::of_json("{}").is_err());
    }

    #[test]
    fn a_point_of_which_nothing_is_known_is_not_drawn() {
        let mut curve = curve("lesson07", Some(4));
        curve.points[1].standing = Standing::Unknown;
        let rates: Vec<f64> = curve.drawn().map(|point| point.rate).collect();
        assert_eq!((rates, curve.ends_in_the_dark()), (vec![40.0, 84.0], false));
        curve.points[2].standing = Standing::Unknown;
        assert!(curve.ends_in_the_dark());
    }

    #[test]
    fn little_says_how_many_are_inside_when_a_server_is_full() {
        let full = curve("server.py", None).full().unwrap();
        assert!((full - 4.1).abs() < 0.05, "{full}");
    }
}
