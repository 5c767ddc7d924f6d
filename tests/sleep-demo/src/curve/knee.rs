//! Where a server ceases to keep up, and where theory has it.

use serde::{Deserialize, Serialize};

use crate::curve::climb::Bracket;
use crate::curve::point::Point;

/// Where a server ceases to keep up. All rates are requests in a second.
///
/// John Little's law: as many are inside as come in the time that one of them stays. A server for
/// `n` at once, of which each stays for `s` seconds, is full when `n / s` come in a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Knee {
    /// The highest rate that it kept.
    pub kept: Option<f64>,
    /// The lowest rate that it did not keep.
    pub fell: Option<f64>,
    /// Where the law has it, for a server of which we know how many it serves at once.
    pub theory: Option<f64>,
}

impl Knee {
    /// The knee of some points. Where `at_once` is known, theory needs only how long one stays.
    pub fn of(points: &[Point], at_once: Option<usize>, service_ms: f64) -> Knee {
        let Bracket { kept, fell } = Bracket::of(points);
        let stays = service_ms / 1000.0;
        Knee {
            kept,
            fell,
            theory: at_once.map(|at_once| at_once as f64 / stays),
        }
    }

    /// In the middle of the two rates between which it lies; `None`: it was not found.
    pub fn at(&self) -> Option<f64> {
        Some((self.kept? * self.fell?).sqrt())
    }

    /// How far it is from where theory has it, as a share of that.
    pub fn off(&self) -> Option<f64> {
        Some(self.at()? / self.theory? - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::point::Standing;

    fn point(rate: f64, standing: Standing) -> Point {
        Point {
            standing,
            ..Point::at(rate)
        }
    }

    #[test]
    fn the_knee_lies_between_what_was_kept_and_what_was_not() {
        let points = [
            point(160.0, Standing::Fell),
            point(76.0, Standing::Kept),
            point(80.0, Standing::Unknown),
            point(84.0, Standing::Fell),
            point(10.0, Standing::Kept),
        ];
        let knee = Knee::of(&points, Some(4), 50.0);
        assert_eq!((knee.kept, knee.fell), (Some(76.0), Some(84.0)));
        assert_eq!(knee.theory, Some(80.0));
        assert!((knee.at().unwrap() - 79.9).abs() < 0.1);
        assert!(knee.off().unwrap().abs() < 0.01);
    }

    #[test]
    fn without_a_fall_there_is_no_knee_and_without_a_kind_no_theory() {
        let knee = Knee::of(&[point(10.0, Standing::Kept)], None, 50.0);
        assert_eq!((knee.at(), knee.off(), knee.theory), (None, None, None));
    }
}
