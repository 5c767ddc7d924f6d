//! A scale on which equal distances are equal ratios.

/// Values, and where they are in a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    values: (f64, f64),
    places: (f64, f64),
}

impl Scale {
    /// A scale that holds all these values and so much more at both ends. `None`: there are none.
    pub(super) fn over(
        values: impl Iterator<Item = f64>,
        room: f64,
        places: (f64, f64),
    ) -> Option<Scale> {
        let values = values.filter(|value| *value > 0.0);
        let (least, most) = values.fold((f64::INFINITY, 0.0_f64), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        if most == 0.0 {
            return None;
        }
        // A scale without length has no places; this one has four doublings.
        let most = match most / least {
            ..1.01 => least * 16.0,
            _ => most,
        };
        Some(Scale {
            values: (least / room, most * room),
            places,
        })
    }

    /// Where a value is.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let (from, to) = self.places;
        let share = (value / low).ln() / (high / low).ln();
        from + (to - from) * share.clamp(0.0, 1.0)
    }

    /// Whether a value has a place of its own.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.values.0..=self.values.1).contains(&value)
    }

    /// Numbers that can be remembered, at most so many: each twice the one before, or four times,
    /// or more.
    pub(super) fn marks(&self, most: usize) -> Vec<f64> {
        let (low, high) = self.values;
        let power = 10_f64.powf(low.log10().floor());
        let firsts = [1.0, 2.0, 5.0, 10.0].map(|first| first * power);
        // A little below, the first mark would be outside of the drawing.
        let first = firsts.into_iter().find(|first| *first >= low * 0.999);
        let first = first.unwrap_or(low);
        let mut step = 2.0;
        loop {
            let marks = (0..).map(|index| first * f64::powi(step, index));
            let marks: Vec<f64> = marks.take_while(|mark| *mark <= high * 1.001).collect();
            if marks.len() <= most.max(1) {
                return marks;
            }
            step *= 2.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ratios_are_equal_distances() {
        let scale = Scale::over([10.0, 640.0].into_iter(), 1.0, (0.0, 60.0)).unwrap();
        assert_eq!(scale.place(20.0).round(), 10.0);
        assert_eq!(scale.place(320.0).round(), 50.0);
        assert_eq!((scale.place(1.0), scale.place(1e9)), (0.0, 60.0));
        assert!(scale.holds(10.0) && !scale.holds(641.0));
    }

    #[test]
    fn marks_are_round_and_few() {
        let scale = Scale::over([10.0, 640.0].into_iter(), 1.0, (0.0, 60.0)).unwrap();
        assert_eq!(
            scale.marks(8),
            [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0]
        );
        assert_eq!(scale.marks(4), [10.0, 40.0, 160.0, 640.0]);
        let waits = Scale::over([51.0, 1100.0].into_iter(), 1.25, (60.0, 0.0)).unwrap();
        assert_eq!(waits.marks(6), [50.0, 100.0, 200.0, 400.0, 800.0]);
    }

    #[test]
    fn one_value_has_a_scale_and_none_has_none() {
        let scale = Scale::over([7.0].into_iter(), 1.0, (0.0, 10.0)).unwrap();
        assert_eq!(scale.place(7.0), 0.0);
        assert_eq!(Scale::over([0.0].into_iter(), 1.0, (0.0, 10.0)), None);
    }
}
