//! Which rate is next: up until the server does not keep up any more, then closer to the knee from
//! both sides, and at last a little of what is before and behind it.

use std::ops::Range;

use crate::curve::point::{Point, Standing};

/// Where to begin, and how far to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Climb {
    /// The first rate, in requests a second. From there each is a step higher.
    pub first: f64,
    /// No rate is higher than this.
    pub most: f64,
    /// After so many points of which nothing is known, this machine is too busy.
    pub patience: usize,
}

/// A step up. What lies below the knee is flat, and a step too far costs no more than a short one:
/// what a server gives when it is asked for too much says where to look for the knee.
const STEP: f64 = 4.0;

/// The knee is found when it lies between two rates that are as close as this.
const CLOSE: f64 = 1.12;

/// Each side of a knee that is guessed.
const BESIDE: f64 = 0.05;

/// Shares of the knee that show how sharply a curve turns: nearly full, and more than full.
const BEFORE: f64 = 0.8;
const BEHIND: f64 = 1.4;

/// So many rates, and no more: some servers have no knee that stays where it is.
const MOST_POINTS: usize = 18;

/// As much patience with this machine as somebody has who looks on.
const PATIENCE: usize = 5;

/// A rate is tried so often at most, if what it shows cannot be.
const MOST_TRIES: usize = 3;

/// A server that gave so many times as much at another rate has not fallen at this one: something
/// else on the machine was in its way.
const GAVE_MORE: f64 = 1.08;

/// The two rates between which a server stopped to keep up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bracket {
    /// The highest rate that it kept below all at which it fell.
    pub kept: Option<f64>,
    /// The lowest rate at which it fell.
    pub fell: Option<f64>,
}

impl Bracket {
    /// The bracket of some points, in the order in which they were made: of several with the same
    /// rate the last counts.
    pub fn of(points: &[Point]) -> Bracket {
        let points = in_order(points);
        let rates = |standing| {
            let points = points
                .iter()
                .filter(move |point| point.standing == standing);
            points.map(|point| point.rate)
        };
        let fell = rates(Standing::Fell).min_by(f64::total_cmp);
        let below = rates(Standing::Kept).filter(|rate| fell.is_none_or(|fell| *rate < fell));
        Bracket {
            kept: below.max_by(f64::total_cmp),
            fell,
        }
    }
}

impl Climb {
    /// Rates for a service that takes so long: from half of what one at a time can give, times
    /// `share`, to 64 times as much.
    pub fn for_service(service_ms: f64, share: f64) -> Climb {
        let half = share * 500.0 / service_ms.max(0.001);
        // A number that can be remembered.
        let power = 10_f64.powf(half.log10().floor());
        let round = [5.0, 2.0, 1.0]
            .into_iter()
            .find(|round| round * power <= half);
        let first = round.unwrap_or(1.0) * power;
        Climb {
            first,
            most: first * 64.0,
            patience: PATIENCE,
        }
    }

    /// The next rate, given all points so far; `None`: enough is known.
    pub fn next(&self, points: &[Point]) -> Option<f64> {
        let unknown = points
            .iter()
            .filter(|one| one.standing == Standing::Unknown)
            .count();
        if points.len() - unknown >= MOST_POINTS || unknown >= self.patience {
            return None;
        }
        let Some(last) = points.last() else {
            return Some(self.first);
        };
        // Nothing was found out about this rate: it gets another chance.
        if last.standing == Standing::Unknown {
            return Some(last.rate);
        }
        if let Some(rate) = contradicted(points) {
            return Some(rate);
        }
        match Bracket::of(points) {
            Bracket { fell: None, kept } => {
                let kept = kept.unwrap_or(self.first);
                // The end is worth a look, unless it is where we are.
                (kept * CLOSE < self.most).then_some((kept * STEP).min(self.most))
            }
            Bracket {
                fell: Some(fell),
                kept: None,
            } => {
                // Slower than anybody thought.
                let next = fell / 2.0;
                (next >= self.first / 9.0).then_some(next)
            }
            Bracket {
                fell: Some(fell),
                kept: Some(kept),
            } if fell / kept > CLOSE => Some(self.closer(points, kept, fell)),
            bracket => self.around(points, bracket),
        }
    }

    /// A rate between the two. A server that is asked for more than it can give gives what it can,
    /// so the first guess is right mostly, and the knee is looked for on both sides of it.
    fn closer(&self, points: &[Point], kept: f64, fell: f64) -> f64 {
        let at_the_wall = points.iter().find(|point| point.rate == fell);
        let gave = at_the_wall.map_or(0.0, |point| point.answers_per_second);
        let guesses = [gave * (1.0 - BESIDE), gave * (1.0 + BESIDE)];
        let between = |guess: &f64| kept * 1.01 < *guess && *guess < fell / 1.01;
        let guess = guesses.into_iter().find(between);
        guess.unwrap_or((kept * fell).sqrt())
    }

    /// What is shortly before the knee and somewhere behind it, if no step has been there.
    fn around(&self, points: &[Point], bracket: Bracket) -> Option<f64> {
        let knee = (bracket.kept? * bracket.fell?).sqrt();
        let is_any = |shares: Range<f64>| {
            let mut shares_of = points.iter().map(|point| point.rate / knee);
            shares_of.any(|share| shares.contains(&share))
        };
        let before = (!is_any(0.7..0.9)).then_some(knee * BEFORE);
        let behind = (!is_any(1.25..f64::INFINITY)).then_some(knee * BEHIND);
        let mut wanted = before.into_iter().chain(behind);
        wanted.find(|&rate| rate <= self.most)
    }
}

/// By their rates; of several with the same rate the last, which was a second chance.
pub fn in_order(made: &[Point]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for point in made {
        points.retain(|other| other.rate != point.rate);
        points.push(point.clone());
    }
    points.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    points
}

/// The lowest rate at which the server fell, though it gave clearly more at another one. It is
/// tried again, and not for ever.
fn contradicted(points: &[Point]) -> Option<f64> {
    let fell = Bracket::of(points).fell?;
    let most = points.iter().map(|point| point.answers_per_second);
    let most = most.fold(0.0, f64::max);
    let tries = points.iter().filter(|point| point.rate == fell).count();
    (most > fell * GAVE_MORE && tries < MOST_TRIES).then_some(fell)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIMB: Climb = Climb {
        first: 10.0,
        most: 640.0,
        patience: PATIENCE,
    };

    /// A server that can give so much, and gives no more.
    fn climb(capacity: f64) -> Vec<Point> {
        climb_with(|rate| match rate <= capacity {
            true => (Standing::Kept, rate),
            false => (Standing::Fell, capacity),
        })
    }

    fn climb_with(mut server: impl FnMut(f64) -> (Standing, f64)) -> Vec<Point> {
        let mut points = Vec::new();
        while let Some(rate) = CLIMB.next(&points) {
            let (standing, answers_per_second) = server(rate);
            points.push(Point {
                standing,
                answers_per_second,
                ..Point::at(rate)
            });
        }
        points
    }

    #[test]
    fn rates_begin_with_a_round_number() {
        let first = |service_ms, share| Climb::for_service(service_ms, share).first;
        assert_eq!((first(50.0, 1.0), first(500.0, 1.0)), (10.0, 1.0));
        assert_eq!((first(6.0, 0.5), first(1.7, 0.5)), (20.0, 100.0));
        assert_eq!(Climb::for_service(50.0, 1.0), CLIMB);
    }

    #[test]
    fn every_knee_is_found_closely_and_in_few_steps() {
        for capacity in [3.0, 10.0, 19.8, 20.0, 79.5, 80.0, 81.0, 317.0, 440.0] {
            let points = climb(capacity);
            let Bracket { kept, fell } = Bracket::of(&points);
            let (kept, fell) = (kept.unwrap(), fell.unwrap());
            assert!(
                kept <= capacity && capacity < fell,
                "{capacity}: {kept} {fell}"
            );
            assert!(fell / kept <= CLOSE, "{capacity}: {kept} {fell}");
            assert!(points.len() <= 12, "{capacity}: {points:?}");
            let highest = points.iter().map(|point| point.rate).fold(0.0, f64::max);
            assert!(
                highest >= capacity * 1.25,
                "the wall of {capacity} is not seen"
            );
        }
    }

    #[test]
    fn a_server_that_gives_less_the_more_it_is_asked_for_is_measured_all_the_same() {
        let points = climb_with(|rate| match rate < 100.0 {
            true => (Standing::Kept, rate),
            false => (Standing::Fell, 30.0),
        });
        let Bracket { kept, fell } = Bracket::of(&points);
        assert!(kept.unwrap() < 100.0 && fell.unwrap() >= 100.0);
        assert!(fell.unwrap() / kept.unwrap() <= CLOSE);
    }

    #[test]
    fn a_fall_that_cannot_be_is_tried_again() {
        let mut disturbed = true;
        let points = climb_with(|rate| match rate <= 80.0 {
            true if rate == 40.0 && std::mem::take(&mut disturbed) => (Standing::Fell, 39.0),
            true => (Standing::Kept, rate),
            false => (Standing::Fell, 80.0),
        });
        let Bracket { kept, fell } = Bracket::of(&points);
        let (kept, fell) = (kept.unwrap(), fell.unwrap());
        assert!(
            (72.0..=80.0).contains(&kept) && fell / kept <= CLOSE,
            "{points:?}"
        );
    }

    #[test]
    fn a_server_without_a_knee_is_left_alone_at_the_end() {
        let rates: Vec<_> = climb(1e9).iter().map(|point| point.rate).collect();
        assert_eq!(rates, [10.0, 40.0, 160.0, 640.0]);
        let short = Climb {
            most: 500.0,
            ..CLIMB
        };
        let kept = [Point {
            standing: Standing::Kept,
            ..Point::at(320.0)
        }];
        assert_eq!(short.next(&kept), Some(500.0));
    }

    #[test]
    fn a_server_that_never_keeps_up_is_given_up() {
        assert!(climb(0.0).len() < 8);
        let Bracket { kept, .. } = Bracket::of(&climb(0.0));
        assert_eq!(kept, None);
    }

    #[test]
    fn an_unknown_point_is_tried_again_and_not_for_ever() {
        let mut tries = 0;
        let points = climb_with(|rate| {
            tries += 1;
            match tries {
                2 => (Standing::Unknown, 0.0),
                _ if rate > 50.0 => (Standing::Fell, 50.0),
                _ => (Standing::Kept, rate),
            }
        });
        assert_eq!((points[1].rate, points[2].rate), (40.0, 40.0));
        assert!(Bracket::of(&points).fell.is_some());
        assert_eq!(climb_with(|_| (Standing::Unknown, 0.0)).len(), PATIENCE);
    }

    #[test]
    fn a_server_of_moods_does_not_keep_us_for_ever() {
        let mut tries = 0;
        let points = climb_with(|rate| {
            tries += 1;
            match tries % 2 {
                0 => (Standing::Fell, rate / 3.0),
                _ => (Standing::Kept, rate),
            }
        });
        assert!(points.len() <= MOST_POINTS);
    }
}
