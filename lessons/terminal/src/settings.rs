//! Settings: a table of rows, from which flags, help, defaults and checks come.

// ANCHOR: imports
use std::fmt::{self, Display};

use crate::flags::{Arguments, Row, Table, UsageError};
use crate::settable::Settable;
// ANCHOR_END: imports

// ANCHOR: setting
/// A row: one setting of `S`, as people meet it, and where `S` keeps it. Its default stands in
/// `S::default()` and nowhere else.
#[derive(Debug)]
pub struct Setting<S> {
    /// The name of its flag, without the two dashes.
    pub name: &'static str,
    /// What its value is counted in.
    pub unit: Unit,
    /// Which values make sense.
    pub bounds: Bounds,
    /// Half a line for `--help`.
    pub help: &'static str,
    /// Why there is such a setting, in a sentence.
    pub reason: &'static str,
    /// Where it is kept.
    pub field: fn(&mut S) -> &mut dyn Settable,
}

/// What the value of a setting is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, fractions allowed.
    Seconds,
    /// Bytes.
    Bytes,
    /// Clients, fields, threads.
    Number,
    /// It has no value: it is on if the flag is given.
    Switch,
    /// A text of this form.
    Text(&'static str),
}

impl Unit {
    /// What a help text calls the value.
    pub fn placeholder(self) -> &'static str {
        match self {
            Unit::Seconds => "SECS",
            Unit::Bytes => "BYTES",
            Unit::Number => "N",
            Unit::Switch => "",
            Unit::Text(form) => form,
        }
    }
}

/// Which values make sense, in the unit of the setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    /// All of them.
    Any,
    /// This one and greater ones.
    AtLeast(f64),
    /// This one and smaller ones.
    AtMost(f64),
    /// Both, and what is between them.
    Between(f64, f64),
}

impl Bounds {
    fn hold(self, text: &str) -> bool {
        // What is no number is not within bounds.
        let amount = text.parse().unwrap_or(f64::NAN);
        match self {
            Bounds::Any => true,
            Bounds::AtLeast(least) => amount >= least,
            Bounds::AtMost(most) => amount <= most,
            Bounds::Between(least, most) => amount >= least && amount <= most,
        }
    }
}

impl Display for Bounds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bounds::Any => out.write_str("anything"),
            Bounds::AtLeast(least) => write!(out, "at least {least}"),
            Bounds::AtMost(most) => write!(out, "at most {most}"),
            Bounds::Between(least, most) => write!(out, "from {least} to {most}"),
        }
    }
}
// ANCHOR_END: setting

// ANCHOR: read
impl<S: Default> Setting<S> {
    /// The default, as a text; empty for none.
    pub fn default(&self) -> String {
        (self.field)(&mut S::default()).shown()
    }

    fn set(&self, settings: &mut S, text: &str) -> Result<(), UsageError> {
        let (name, bounds) = (self.name, self.bounds);
        (self.field)(settings)
            .set(text)
            .map_err(|expected| UsageError::unexpected(name, expected, text))?;
        if bounds.hold(text) {
            return Ok(());
        }
        let unit = match self.unit {
            Unit::Seconds => " seconds",
            _ => "",
        };
        let message = format!("--{name} must be {bounds}{unit}");
        Err(UsageError::new(message))
    }
}

impl Arguments {
    /// The settings of a table: what was given, and the defaults for what was not.
    pub fn read<S: Default>(&self, table: &[Setting<S>]) -> Result<S, UsageError> {
        let mut settings = S::default();
        for setting in table {
            for text in self.all(setting.name) {
                setting.set(&mut settings, text)?;
            }
        }
        Ok(settings)
    }
}

impl<S: Default + fmt::Debug> Table for &[Setting<S>] {
    fn rows(&self) -> Vec<Row> {
        let row = |setting: &Setting<S>| Row {
            name: setting.name,
            value: setting.unit.placeholder(),
            default: setting.default(),
            help: setting.help,
        };
        self.iter().map(row).collect()
    }
}
// ANCHOR_END: read

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Program;
    use std::time::Duration;

    #[derive(Debug)]
    struct Oven {
        heat: usize,
        shelves: Option<usize>,
        time: Duration,
        fan: bool,
        owner: Option<String>,
        labels: Vec<(String, String)>,
    }

    impl Default for Oven {
        fn default() -> Oven {
            Oven {
                heat: 180,
                shelves: None,
                time: Duration::from_millis(1500),
                fan: false,
                owner: None,
                labels: Vec::new(),
            }
        }
    }

    const fn row(
        name: &'static str,
        unit: Unit,
        bounds: Bounds,
        field: fn(&mut Oven) -> &mut dyn Settable,
    ) -> Setting<Oven> {
        Setting {
            name,
            unit,
            bounds,
            help: "for the cake",
            reason: "A cake is hungry.",
            field,
        }
    }

    const OVEN: &[Setting<Oven>] = &[
        row("heat", Unit::Number, Bounds::Between(50.0, 250.0), |oven| {
            &mut oven.heat
        }),
        row("shelves", Unit::Number, Bounds::AtMost(3.0), |oven| {
            &mut oven.shelves
        }),
        row("time", Unit::Seconds, Bounds::AtLeast(0.001), |oven| {
            &mut oven.time
        }),
        row("fan", Unit::Switch, Bounds::Any, |oven| &mut oven.fan),
        row("owner", Unit::Text("NAME"), Bounds::Any, |oven| {
            &mut oven.owner
        }),
        row("label", Unit::Text("K=V"), Bounds::Any, |oven| {
            &mut oven.labels
        }),
    ];

    const PROGRAM: Program = Program {
        name: "oven",
        about: "An oven for the tests.",
        operand: None,
        flags: &[&OVEN],
    };

    fn oven(line: &str) -> Result<Oven, String> {
        let words = line.split_whitespace().map(Into::into);
        let arguments = PROGRAM.parse(words).unwrap().unwrap();
        arguments.read(OVEN).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_given_has_its_default_and_the_help_text_shows_the_same_one() {
        let none = oven("").unwrap();
        assert_eq!(format!("{none:?}"), format!("{:?}", Oven::default()));
        let help = PROGRAM.help();
        for line in [
            "  --heat N          for the cake (default 180)\n",
            "  --shelves N       for the cake\n",
            "  --time SECS       for the cake (default 1.5)\n",
            "  --fan             for the cake\n",
            "  --label K=V       for the cake\n",
        ] {
            assert!(help.contains(line), "{line:?} in {help}");
        }
    }

    #[test]
    fn what_is_given_arrives_in_its_field() {
        let given = oven(
            "--heat=200 --heat 220 --shelves 2 --time 0.25 --fan --owner me --label a=1 --label b=",
        );
        let Oven {
            heat,
            shelves,
            time,
            fan,
            owner,
            labels,
        } = given.unwrap();
        assert_eq!((heat, shelves, fan), (220, Some(2), true));
        assert_eq!(time, Duration::from_millis(250));
        assert_eq!(owner.as_deref(), Some("me"));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(labels, [pair("a", "1"), pair("b", "")]);
        assert_eq!(oven("--owner=").unwrap().owner, None);
    }

    #[test]
    fn an_error_names_the_flag_and_what_it_takes_or_its_bounds() {
        for (line, error) in [
            (
                "--heat hot",
                "--heat takes a whole number in range, not \"hot\"",
            ),
            ("--heat 49", "--heat must be from 50 to 250"),
            ("--heat 251", "--heat must be from 50 to 250"),
            ("--shelves 4", "--shelves must be at most 3"),
            ("--time 0", "--time must be at least 0.001 seconds"),
            ("--time 0.0009", "--time must be at least 0.001 seconds"),
            (
                "--time inf",
                "--time takes seconds, such as 10 or 0.5, not \"inf\"",
            ),
            ("--label =x", "--label takes K=V, not \"=x\""),
        ] {
            assert_eq!(oven(line).unwrap_err(), error, "{line}");
        }
        assert!(oven("--heat 50").is_ok() && oven("--heat 250").is_ok());
        assert!(oven("--time 0.001").is_ok());
    }
}
