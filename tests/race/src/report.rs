//! The figures as data: what is written to a file, and what table, page and chart are made from.

use kit::stamp::Stamp;
use serde::{Deserialize, Serialize};

/// A whole race.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Where and with what it was run.
    pub stamp: Stamp,
    /// Rounds for each server and each class.
    pub rounds: usize,
    /// How long a round was.
    pub seconds: f64,
    /// What was asked in which way.
    pub classes: Vec<Class>,
    /// What quiet clients cost, if that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crowd: Option<Crowd>,
}

/// What quiet clients cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crowd {
    /// The servers.
    pub rows: Vec<Quiet>,
    /// Who could not be measured, and why.
    pub failed: Vec<String>,
}

/// One server and its quiet clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quiet {
    /// What the server is called.
    pub name: String,
    /// How its clients are quiet.
    pub manner: String,
    /// How many there were.
    pub clients: usize,
    /// What each added to the server's own memory; `None` where they were too few to tell.
    pub bytes: Option<f64>,
    /// Whether one more client was served, with all of them there.
    pub serves_others: bool,
}

/// Servers that were asked in the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// How they were asked.
    pub name: String,
    /// How many connections were busy at once.
    pub connections: usize,
    /// The server that does the least.
    pub limit: Row,
    /// The servers.
    pub rows: Vec<Row>,
    /// Who fell out of the race, and why.
    pub failed: Vec<String>,
    /// The share of the two cores that other programs used meanwhile.
    pub others: Spread,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// The limit's processor time per request, as a fraction of this server's: 1 is as cheap.
    pub ratio: Option<Spread>,
    /// Processor time of the whole process tree for each request, in microseconds.
    pub cpu_us: Option<Spread>,
    /// Requests in a second.
    pub per_second: Spread,
    /// Half of the answers took no longer, in microseconds.
    pub p50_us: Spread,
    /// All but one in a hundred took no longer, in microseconds.
    pub p99_us: Spread,
    /// Answers in all rounds.
    pub requests: u64,
    /// Requests without a whole, successful answer.
    pub errors: u64,
}

/// The middle of some rounds, and how far they lay apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// As many rounds were above as below.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

impl Spread {
    /// The spread of some values. Zero if there are none.
    pub fn of(values: &[f64]) -> Spread {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let last = sorted.len().saturating_sub(1);
        Spread {
            median: (at(last / 2) + at(last.div_ceil(2))) / 2.0,
            min: at(0),
            max: at(last),
        }
    }
}

impl Report {
    /// As a file: figures with three decimals, which is more than they are worth.
    pub fn to_json(&self) -> Result<String, String> {
        let mut value = serde_json::to_value(self).map_err(|error| error.to_string())?;
        round(&mut value);
        let text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?;
        Ok(text + "\n")
    }

    /// `1 round`, `5 rounds`.
    pub(crate) fn rounds_in_words(&self) -> String {
        match self.rounds {
            1 => "1 round".to_owned(),
            rounds => format!("{rounds} rounds"),
        }
    }

    /// From a file.
    pub fn from_json(text: &str) -> Result<Report, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

fn round(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(values) => values.iter_mut().for_each(round),
        serde_json::Value::Object(members) => members.values_mut().for_each(round),
        serde_json::Value::Number(number) if number.is_f64() => {
            let exact = number.as_f64().unwrap_or_default();
            *value = ((exact * 1000.0).round() / 1000.0).into();
        }
        _ => {}
    }
}

impl Class {
    /// What did not go well, in sentences.
    pub fn troubles(&self) -> impl Iterator<Item = String> {
        let rows = self.rows.iter().chain([&self.limit]);
        let errors = rows.filter(|row| row.errors > 0);
        let errors = errors.map(|row| format!("{}: {} requests failed.", row.name, row.errors));
        let fell_out = self.failed.iter();
        errors.chain(fell_out.map(|reason| format!("Fell out of the race: {reason}.")))
    }

    /// A warning, if the machine had much else to do.
    pub fn noise(&self) -> Option<String> {
        const MUCH: f64 = 0.05;
        let percent = self.others.median * 100.0;
        (self.others.median > MUCH).then(|| {
            format!(
                "Other programs used {percent:.0} % of the two cores meanwhile: these figures are \
                 softer than they look."
            )
        })
    }
}

impl Crowd {
    /// What was measured and how, in a sentence.
    pub(crate) const EXPLAINED: &str = "Bytes of the server's own memory that each quiet client \
         added (anonymous pages of its whole process tree; what the kernel keeps for a socket, a \
         thread or a process comes on top). The last column says whether one more client had its answer \
         with all of them there.";

    /// Who could not be measured, in sentences.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = String> {
        let failed = self.failed.iter();
        failed.map(|reason| format!("Not measured: {reason}."))
    }
}

/// The sentence that belongs below every such table.
pub const HONEST: &str = "Hello-world throughput ranks these servers in the opposite order of their \
     worth: what costs time here, waiting for many at once, deadlines, limits, reading with care, \
     is what a server is for. Read it as the price of that, not as a score.";

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example() -> Report {
        let spread = |median: f64| Spread::of(&[median * 0.9, median, median * 1.1]);
        let row = |name: &str, ratio: Option<f64>, cpu: Option<f64>, errors| Row {
            name: name.to_owned(),
            ratio: ratio.map(spread),
            cpu_us: cpu.map(spread),
            per_second: spread(12_345.6),
            p50_us: spread(480.0),
            p99_us: spread(1_234.0),
            requests: 100_000,
            errors,
        };
        Report {
            stamp: Stamp {
                machine: "Example, 2 cores".to_owned(),
                kernel: "6.1".to_owned(),
                rustc: "rustc 1.95.0".to_owned(),
                commit: "0123abc".to_owned(),
                build: None,
            },
            rounds: 3,
            seconds: 2.0,
            classes: vec![Class {
                name: "a new connection for each request".to_owned(),
                connections: 16,
                limit: row("the limit", None, Some(15.0), 0),
                rows: vec![
                    row("lesson03", Some(0.9), Some(16.7), 0),
                    row("far <away>", None, None, 7),
                ],
                failed: vec!["lame: answered no request".to_owned()],
                others: Spread::of(&[0.01]),
            }],
            crowd: Some(Crowd {
                rows: vec![
                    quiet("lesson03", 1, None, false),
                    quiet("lesson10", 4000, Some(246.4), true),
                ],
                failed: vec!["far: nobody may look at its memory".to_owned()],
            }),
        }
    }

    fn quiet(name: &str, clients: usize, bytes: Option<f64>, serves_others: bool) -> Quiet {
        Quiet {
            name: name.to_owned(),
            manner: "kept alive".to_owned(),
            clients,
            bytes,
            serves_others,
        }
    }

    #[test]
    fn the_median_is_in_the_middle_also_of_an_even_number() {
        let median = |values: &[f64]| Spread::of(values).median;
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!((median(&[7.0]), median(&[])), (7.0, 0.0));
    }

    #[test]
    fn a_machine_with_much_else_to_do_is_named() {
        let mut class = example().classes.remove(0);
        assert_eq!(class.noise(), None);
        class.others = Spread::of(&[0.3, 0.4, 0.5]);
        assert!(
            class
                .noise()
                .unwrap()
                .starts_with("Other programs used 40 %")
        );
    }

    #[test]
    fn a_report_survives_its_file() {
        let text = example().to_json().unwrap();
        let back = Report::from_json(&text).unwrap();
        assert_eq!(back.to_json().unwrap(), text);
        assert_eq!(back.classes[0].rows[1].errors, 7);
        assert!(!text.contains("0000000"), "{text}");
    }
}
