//! Flags in: one description of a command gives its help text, its defaults and its errors.

// ANCHOR: imports
use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Debug, Display};
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use lexopt::Arg;

use crate::settable::{seconds, whole_number};
// ANCHOR_END: imports

// ANCHOR: flag
/// A flag of a command: `--backlog N` takes a value, `--trace` (no value) is a switch.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The name without its two dashes.
    pub name: &'static str,
    /// What the help text calls the value; empty for a switch.
    pub value: &'static str,
    /// The value when the flag is not given, as the help text prints it; empty for none.
    pub default: &'static str,
    /// One line of explanation.
    pub help: &'static str,
}

/// The flag that every lesson has.
pub const ADDR: Flag = Flag {
    name: "addr",
    value: "HOST:PORT",
    default: "127.0.0.1:8888",
    help: "where to listen; port 0 lets the system choose",
};
// ANCHOR_END: flag

// ANCHOR: row
/// A flag as a command line and its help text see it, from whichever table it comes.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name without its two dashes.
    pub name: &'static str,
    /// What the help text calls the value; empty for a switch.
    pub value: &'static str,
    /// The value when the flag is not given; empty for none.
    pub default: String,
    /// One line of explanation.
    pub help: &'static str,
}

impl From<Flag> for Row {
    fn from(flag: Flag) -> Row {
        Row {
            name: flag.name,
            value: flag.value,
            default: flag.default.to_owned(),
            help: flag.help,
        }
    }
}

/// Where flags come from: a few of a command's own, or the settings of a lesson.
pub trait Table: Debug {
    /// Its flags, in the order of the help text.
    fn rows(&self) -> Vec<Row>;
}

impl<const COUNT: usize> Table for [Flag; COUNT] {
    fn rows(&self) -> Vec<Row> {
        self.iter().copied().map(Row::from).collect()
    }
}
// ANCHOR_END: row

// ANCHOR: program
/// A command: what `--help` prints and what the command line may hold.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name, as in `cargo run -p NAME`.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// A word without dashes that the command takes, and its help text.
    pub operand: Option<(&'static str, &'static str)>,
    /// Where its flags come from, beside `--addr` and `--help`.
    pub flags: &'static [&'static dyn Table],
}
// ANCHOR_END: program

// ANCHOR: run
impl Program {
    /// The body of a `main`: parses the command line, runs `body`, turns errors into exit codes.
    ///
    /// Exit code 2 means that the command line was wrong, 1 that the work failed.
    pub fn run(&self, body: impl FnOnce(&Arguments) -> Result<(), Box<dyn Error>>) -> ExitCode {
        self.run_with(std::env::args_os().skip(1), body).into()
    }

    /// The same for a command whose words are not those of the process.
    pub fn run_with(
        &self,
        words: impl IntoIterator<Item = OsString>,
        body: impl FnOnce(&Arguments) -> Result<(), Box<dyn Error>>,
    ) -> u8 {
        crate::log::prepare();
        crate::panics::say_panics();
        let code = self.run_body(words, body);
        crate::lines::say_lost();
        code
    }

    fn run_body(
        &self,
        words: impl IntoIterator<Item = OsString>,
        body: impl FnOnce(&Arguments) -> Result<(), Box<dyn Error>>,
    ) -> u8 {
        let outcome = match self.parse(words) {
            Ok(None) => {
                // The reader of a help text may be `head`, and gone by now.
                let _ = io::stdout().lock().write_all(self.help().as_bytes());
                return 0;
            }
            Ok(Some(arguments)) => body(&arguments),
            Err(error) => Err(error.into()),
        };
        match outcome {
            Ok(()) => 0,
            Err(error) if error.is::<UsageError>() => {
                crate::say(format_args!(
                    "{}: {error}\nTry: {} --help",
                    self.name, self.name
                ));
                2
            }
            Err(error) => {
                crate::say(format_args!("{}: {error}", self.name));
                1
            }
        }
    }
    // ANCHOR_END: run

    // ANCHOR: parse
    /// Parses a command line; `None` means that it asks for help.
    pub fn parse(
        &self,
        words: impl IntoIterator<Item = OsString>,
    ) -> Result<Option<Arguments>, UsageError> {
        let mut arguments = Arguments {
            rows: self.rows(),
            given: Vec::new(),
            operand: None,
        };
        let mut parser = lexopt::Parser::from_args(words);
        while let Some(word) = parser.next().map_err(UsageError::new)? {
            match word {
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                Arg::Long(name) => {
                    let Some(&Row { name, value, .. }) = arguments.row(name) else {
                        return Err(UsageError::new(format!("there is no flag --{name}")));
                    };
                    let value = match value {
                        "" => String::new(),
                        _ => text(parser.value().map_err(UsageError::new)?)?,
                    };
                    arguments.given.push((name, value));
                }
                Arg::Value(word) if self.operand.is_some() && arguments.operand.is_none() => {
                    arguments.operand = Some(text(word)?);
                }
                other => return Err(UsageError::new(other.unexpected())),
            }
        }
        Ok(Some(arguments))
    }
    // ANCHOR_END: parse

    // ANCHOR: rows
    fn rows(&self) -> Vec<Row> {
        let tables = self.flags.iter().flat_map(|table| table.rows());
        std::iter::once(Row::from(ADDR)).chain(tables).collect()
    }
    // ANCHOR_END: rows

    // ANCHOR: help
    /// What `--help` prints.
    pub fn help(&self) -> String {
        let mut lines: Vec<(String, String)> = Vec::new();
        if let Some((name, help)) = self.operand {
            lines.push((format!("  {name}"), help.to_owned()));
        }
        for row in self.rows() {
            let left = format!("  --{} {}", row.name, row.value);
            let right = match row.default.as_str() {
                "" => row.help.to_owned(),
                default => format!("{} (default {default})", row.help),
            };
            lines.push((left.trim_end().to_owned(), right));
        }
        lines.push(("  --help".to_owned(), "print this text".to_owned()));
        let width = lines.iter().map(|(left, _)| left.len()).max().unwrap_or(0);
        let operand = self
            .operand
            .map_or(String::new(), |(name, _)| format!(" [{name}]"));
        let mut help = format!(
            "{}\n\nUsage: {}{operand} [flags]\n\n",
            self.about, self.name
        );
        for (left, right) in lines {
            help.push_str(&format!("{left:width$}  {right}\n"));
        }
        help
    }
}
// ANCHOR_END: help

// ANCHOR: text
fn text(word: OsString) -> Result<String, UsageError> {
    word.into_string()
        .map_err(|word| UsageError::new(format!("{word:?} is not valid UTF-8")))
}
// ANCHOR_END: text

// ANCHOR: arguments
/// A parsed command line. A flag that was not given has its default.
#[derive(Clone, Debug)]
pub struct Arguments {
    rows: Vec<Row>,
    given: Vec<(&'static str, String)>,
    operand: Option<String>,
}

impl Arguments {
    fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// The word without dashes, if there was one.
    pub fn operand(&self) -> Option<&str> {
        self.operand.as_deref()
    }

    /// Whether a switch was given.
    pub fn switch(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// The value of a flag: the last one given, or the default.
    pub fn text(&self, name: &str) -> &str {
        match self.all(name).last() {
            Some(given) => given,
            None => self.row(name).map_or("", |row| &row.default),
        }
    }

    /// Every value given to a flag that may be repeated.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.given
            .iter()
            .filter(move |(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// The value of a flag that takes a whole number.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<T, UsageError> {
        self.parsed(name, whole_number)
    }

    /// The value of a flag that takes seconds, fractions allowed.
    pub fn seconds(&self, name: &str) -> Result<Duration, UsageError> {
        self.parsed(name, seconds)
    }

    fn parsed<T>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<T, UsageError> {
        let text = self.text(name);
        parse(text).map_err(|expected| UsageError::unexpected(name, expected, text))
    }
}
// ANCHOR_END: arguments

// ANCHOR: usage_error
/// What was wrong with a command line.
#[derive(Debug)]
pub struct UsageError(String);

impl UsageError {
    /// An error with the given text.
    pub fn new(message: impl Display) -> UsageError {
        UsageError(message.to_string())
    }

    /// An error for a flag whose value is not what was expected.
    pub(crate) fn unexpected(name: &str, expected: &str, text: &str) -> UsageError {
        UsageError(format!("--{name} takes {expected}, not {text:?}"))
    }
}

impl Display for UsageError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for UsageError {}
// ANCHOR_END: usage_error

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "lesson00",
        about: "A command for the tests.",
        operand: Some(("MODULE:CALLABLE", "what to serve")),
        flags: &[&[
            Flag {
                name: "backlog",
                value: "N",
                default: "5",
                help: "how many may queue",
            },
            Flag {
                name: "delay",
                value: "SECS",
                default: "0",
                help: "how long to sleep",
            },
            Flag {
                name: "trace",
                value: "",
                default: "",
                help: "show the traffic",
            },
        ]],
    };

    fn parse(line: &str) -> Result<Option<Arguments>, UsageError> {
        PROGRAM.parse(line.split_whitespace().map(OsString::from))
    }

    fn arguments(line: &str) -> Arguments {
        parse(line).unwrap().unwrap()
    }

    #[test]
    fn a_flag_that_is_not_given_has_the_default_of_the_help_text() {
        let none = arguments("");
        assert_eq!(none.number::<i32>("backlog").unwrap(), 5);
        assert_eq!(none.text("addr"), "127.0.0.1:8888");
        assert!(!none.switch("trace"));
        assert!(
            PROGRAM
                .help()
                .contains("--backlog N       how many may queue (default 5)")
        );
    }

    #[test]
    fn the_last_of_several_values_counts() {
        let given = arguments("--backlog 1 --backlog=7 demo:hello --trace --delay 0.3");
        assert_eq!(given.number::<i32>("backlog").unwrap(), 7);
        assert_eq!(given.operand(), Some("demo:hello"));
        assert!(given.switch("trace"));
        assert_eq!(given.seconds("delay").unwrap(), Duration::from_millis(300));
    }

    #[test]
    fn errors_name_the_flag_and_what_it_takes() {
        let wrong = arguments("--backlog many --delay -1");
        assert_eq!(
            wrong.number::<i32>("backlog").unwrap_err().to_string(),
            "--backlog takes a whole number in range, not \"many\""
        );
        assert!(wrong.seconds("delay").is_err());
        for endless in ["1e10", "inf", "NaN"] {
            assert!(
                arguments(&format!("--delay {endless}"))
                    .seconds("delay")
                    .is_err()
            );
        }
        assert_eq!(
            parse("--nonsense").unwrap_err().to_string(),
            "there is no flag --nonsense"
        );
        assert!(parse("one two").is_err());
        assert!(parse("--help").unwrap().is_none());
    }
}
