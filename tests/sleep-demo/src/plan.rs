//! Which servers take part, how they are started, and what would be ideal for each.

use std::fmt;

use check::lessons::{self, LESSONS};
use serde::{Deserialize, Serialize};

/// What is asked of every server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// How many requests are sent at once.
    pub requests: usize,
    /// How long each of them sleeps in the server.
    pub sleep_ms: u64,
    /// How many workers a pool has.
    pub workers: usize,
}

/// A way of waiting: how many requests are served at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One.
    OneAtATime,
    /// As many as there are.
    Unbounded,
    /// So many, and the others wait.
    Pool(usize),
}

impl Kind {
    /// How long all requests together take if nothing but sleeping costs time.
    pub fn ideal_ms(self, load: &Load) -> f64 {
        let rounds = match self {
            Kind::OneAtATime => load.requests,
            Kind::Unbounded => 1,
            Kind::Pool(workers) => load.requests.div_ceil(workers.max(1)),
        };
        rounds as f64 * load.sleep_ms as f64
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::OneAtATime => write!(out, "one at a time"),
            Kind::Unbounded => write!(out, "all at once"),
            Kind::Pool(workers) => write!(out, "{workers} at a time"),
        }
    }
}

/// A lesson whose server can be compared with the others.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The number of the lesson.
    pub number: u8,
    /// What stands behind the number if the lesson is started in another way than by default.
    pub way: &'static str,
    /// What serves a request there.
    pub words: &'static str,
    /// How it waits, given the number of workers.
    kind: fn(usize) -> Kind,
    /// Flags that make room for all requests and for no more workers than asked for.
    flags: &'static str,
    /// Whether it is shown when nobody names any lesson.
    pub by_default: bool,
}

/// Every lesson that serves `/sleep`. A new one is a new line.
pub const TABLE: &[Row] = &[
    row(3, "one at a time", |_| Kind::OneAtATime, "", true),
    row(4, "one at a time", |_| Kind::OneAtATime, "", false),
    row(
        5,
        "a process for each connection",
        |_| Kind::Unbounded,
        "--max-children {requests}",
        true,
    ),
    row(
        6,
        "a thread for each connection",
        |_| Kind::Unbounded,
        "--max-threads {requests}",
        true,
    ),
    row(
        7,
        "a pool of workers",
        Kind::Pool,
        "--threads {workers} --max-threads {workers} --queue {requests}",
        true,
    ),
    row(
        8,
        "a pool of workers, as in lesson 7",
        Kind::Pool,
        "--threads {workers} --max-threads {workers} --queue {requests}",
        false,
    ),
    row(
        9,
        "a pool of workers, as in lesson 7",
        Kind::Pool,
        "--threads {workers} --max-threads {workers} --queue {requests}",
        false,
    ),
    row(10, "an event loop", |_| Kind::OneAtATime, "", true),
    Row {
        way: "w",
        ..row(
            10,
            "an event loop with workers",
            Kind::Pool,
            "--workers {workers}",
            true,
        )
    },
    row(
        11,
        "a greenlet for each connection, on one thread",
        |_| Kind::Unbounded,
        "--connections {requests}",
        true,
    ),
    row(
        12,
        "a task for each connection, on one thread",
        |_| Kind::Unbounded,
        "--connections {requests}",
        true,
    ),
    row(
        13,
        "threads, and one lock for all of them",
        Kind::Pool,
        "--threads {workers}",
        false,
    ),
];

const fn row(
    number: u8,
    words: &'static str,
    kind: fn(usize) -> Kind,
    flags: &'static str,
    by_default: bool,
) -> Row {
    Row {
        number,
        way: "",
        words,
        kind,
        flags,
        by_default,
    }
}

/// One server that takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The package, which is the name of the binary, too: `lesson03`.
    pub package: &'static str,
    /// What it is called: the package, and the way in which it is started.
    pub name: String,
    /// What serves a request there.
    pub words: &'static str,
    /// How it waits.
    pub kind: Kind,
    /// Flags besides `--addr`.
    pub flags: Vec<String>,
}

impl Row {
    /// How the lesson is started for this load; `None` if the lesson does not exist yet.
    pub fn plan(&self, load: &Load) -> Option<Plan> {
        let package = lessons::numbered(self.number)?.package;
        let flags = self
            .flags
            .replace("{requests}", &load.requests.to_string())
            .replace("{workers}", &load.workers.to_string());
        // A queue of the kernel that is too short would make clients wait for something else.
        let backlog = load.requests.max(128);
        let flags = format!("--quiet --backlog {backlog} {flags}");
        Some(Plan {
            package,
            name: format!("{package}{}", self.way),
            words: self.words,
            kind: (self.kind)(load.workers),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
        })
    }
}

/// The lessons shown when nobody names any: those that exist, and the numbers of those to come.
pub fn by_default(load: &Load) -> (Vec<Plan>, Vec<u8>) {
    let mut plans = Vec::new();
    let mut to_come = Vec::new();
    for row in TABLE.iter().filter(|row| row.by_default) {
        match row.plan(load) {
            Some(plan) => plans.push(plan),
            None => to_come.push(row.number),
        }
    }
    (plans, to_come)
}

/// The lesson that somebody names: `03`, `3` or `lesson03`; `10w` is lesson 10 with workers. The
/// error says what is wrong.
pub fn named(name: &str, load: &Load) -> Result<Plan, String> {
    let number = name.strip_prefix("lesson").unwrap_or(name);
    let digits = number.find(|letter: char| !letter.is_ascii_digit());
    let (number, way) = number.split_at(digits.unwrap_or(number.len()));
    let number = number.parse::<u8>();
    let number = number.map_err(|_| format!("{name:?} is no number of a lesson"))?;
    let last = LESSONS.last().map_or("none", |lesson| lesson.package);
    let is_meant = |row: &&Row| row.number == number && row.way == way;
    match TABLE.iter().find(is_meant) {
        _ if !way.is_empty() && !TABLE.iter().any(|row| row.way == way) => {
            Err(format!("{name:?} is no number of a lesson"))
        }
        Some(row) => row
            .plan(load)
            .ok_or_else(|| format!("lesson{number:02} does not exist yet; the last is {last}")),
        None if lessons::numbered(number).is_some() => {
            let known: Vec<_> = TABLE
                .iter()
                .map(|row| format!("{:02}", row.number))
                .collect();
            Err(format!(
                "lesson{number:02} serves no /sleep; these do: {}",
                known.join(", ")
            ))
        }
        None => Err(format!("there is no lesson{number:02}; the last is {last}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load {
        requests: 12,
        sleep_ms: 500,
        workers: 5,
    };

    #[test]
    fn the_ideal_is_the_number_of_rounds_times_the_sleep() {
        assert_eq!(Kind::OneAtATime.ideal_ms(&LOAD), 6000.0);
        assert_eq!(Kind::Unbounded.ideal_ms(&LOAD), 500.0);
        assert_eq!(Kind::Pool(5).ideal_ms(&LOAD), 1500.0);
        assert_eq!(Kind::Pool(4).ideal_ms(&LOAD), 1500.0);
        assert_eq!(Kind::Pool(40).ideal_ms(&LOAD), 500.0);
    }

    #[test]
    fn flags_make_room_for_the_load() {
        let plan = named("lesson03", &LOAD).unwrap();
        assert_eq!(plan.flags, ["--quiet", "--backlog", "128"]);
        let pool = TABLE.iter().find(|row| row.number == 7).unwrap();
        if let Some(plan) = pool.plan(&LOAD) {
            let flags = plan.flags.join(" ");
            assert!(flags.contains("--threads 5") && flags.contains("--queue 12"));
            assert_eq!(plan.kind, Kind::Pool(5));
        }
    }

    #[test]
    fn a_lesson_is_found_by_number_and_by_package_or_the_error_says_why_not() {
        assert_eq!(named("3", &LOAD), named("lesson03", &LOAD));
        let with_workers = named("10w", &LOAD).unwrap();
        assert_eq!(with_workers.name, "lesson10w");
        assert_eq!(with_workers.kind, Kind::Pool(5));
        assert_eq!(named("10", &LOAD).unwrap().kind, Kind::OneAtATime);
        let error = |name| named(name, &LOAD).unwrap_err();
        assert!(error("10x").contains("is no number"));
        assert!(error("02").contains("serves no /sleep"));
        assert!(error("99").contains("there is no lesson99"));
        assert!(error("pool").contains("is no number"));
    }

    #[test]
    fn a_lesson_that_does_not_exist_yet_is_left_out_by_default_and_refused_by_name() {
        let (plans, to_come) = by_default(&LOAD);
        assert_eq!(plans[0].package, "lesson03");
        for number in to_come {
            assert!(lessons::numbered(number).is_none());
            let error = named(&number.to_string(), &LOAD).unwrap_err();
            assert!(error.contains("does not exist yet"), "{error}");
        }
    }
}
