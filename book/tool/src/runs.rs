//! What the runs in `book/data` say, as far as the pages made of them need it.

use kit::stamp::Stamp;
use serde::Deserialize;

use crate::kernel::KernelSocket;
use crate::tree::Tree;

/// The runs that are there. One that is not leaves a gap in the pages, and no guess.
#[derive(Debug, Default)]
pub struct Runs {
    /// `cargo run --release -p race`.
    pub race: Option<Race>,
    /// `cargo run -p sleep-demo`.
    pub sleep: Option<SleepDemo>,
    /// `cargo run -p book -- socket`.
    pub socket: Option<KernelSocket>,
}

/// What a race has measured.
#[derive(Debug, Deserialize)]
pub struct Race {
    /// Where it was run.
    pub stamp: Stamp,
    classes: Vec<Class>,
    crowd: Option<Crowd>,
}

#[derive(Debug, Deserialize)]
struct Class {
    name: String,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    cpu_us: Option<Spread>,
}

#[derive(Debug, Deserialize)]
struct Spread {
    median: f64,
}

#[derive(Debug, Deserialize)]
struct Crowd {
    rows: Vec<Quiet>,
}

#[derive(Debug, Deserialize)]
struct Quiet {
    name: String,
    manner: String,
    bytes: Option<f64>,
}

/// The way of asking in which each client has a new connection for each request.
pub const NEW: &str = "a new connection for each request";

/// The way of asking in which a client keeps its connection.
pub const KEPT: &str = "connections kept alive";

impl Race {
    /// Processor time for a request in microseconds, the middle of the rounds.
    pub fn cpu(&self, class: &str, server: &str) -> Option<f64> {
        let class = self.classes.iter().find(|it| it.name == class)?;
        let row = class.rows.iter().find(|row| row.name == server)?;
        Some(row.cpu_us.as_ref()?.median)
    }

    /// What a quiet client adds to the memory of a server, in bytes. In `manner` it is quiet;
    /// `None` takes the only one that there is.
    pub fn quiet(&self, server: &str, manner: Option<&str>) -> Option<f64> {
        let is_it =
            |row: &&Quiet| row.name == server && manner.is_none_or(|manner| row.manner == manner);
        self.crowd.as_ref()?.rows.iter().find(is_it)?.bytes
    }
}

/// What the first experiment has measured.
#[derive(Debug, Deserialize)]
pub struct SleepDemo {
    /// Where it was run.
    pub stamp: Stamp,
    runs: Vec<Sleepers>,
}

#[derive(Debug, Deserialize)]
struct Sleepers {
    name: String,
    summary: Summary,
}

#[derive(Debug, Deserialize)]
struct Summary {
    total_ms: f64,
}

impl SleepDemo {
    /// How long all the sleepers took together, in milliseconds.
    pub fn total(&self, server: &str) -> Option<f64> {
        let run = self.runs.iter().find(|run| run.name == server)?;
        Some(run.summary.total_ms)
    }
}

impl Runs {
    /// Reads what is there. A file that cannot be understood is as good as none, and the page
    /// that shows a gap in its place is out of date then.
    pub fn read(tree: &Tree) -> Runs {
        Runs {
            race: read(tree, "race"),
            sleep: read(tree, "sleep-demo"),
            socket: read(tree, "socket"),
        }
    }
}

fn read<T: for<'a> Deserialize<'a>>(tree: &Tree, name: &str) -> Option<T> {
    let text = tree.read(&format!("book/data/{name}.json")).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn race() -> Race {
        serde_json::from_str(RACE).unwrap()
    }

    const RACE: &str = r#"{
        "stamp": {"machine": "m", "kernel": "k", "rustc": "r", "commit": "c"},
        "classes": [{
            "name": "connections kept alive",
            "rows": [
                {"name": "lesson10", "cpu_us": {"median": 12.5, "min": 1, "max": 2}},
                {"name": "nginx", "cpu_us": {"median": 15.0, "min": 1, "max": 2}},
                {"name": "other", "cpu_us": null}
            ]
        }],
        "crowd": {
            "rows": [
                {"name": "lesson10", "manner": "kept alive", "clients": 9, "bytes": 400.0, "serves_others": true},
                {"name": "lesson07", "manner": "kept alive", "clients": 9, "bytes": null, "serves_others": false}
            ],
            "failed": []
        }
    }"#;

    #[test]
    fn what_was_measured_is_found_and_what_was_not_is_a_gap() {
        let race = race();
        assert_eq!(race.cpu(KEPT, "lesson10"), Some(12.5));
        assert_eq!(race.cpu(KEPT, "other"), None);
        assert_eq!(race.cpu(NEW, "lesson10"), None);
        assert_eq!(race.quiet("lesson10", None), Some(400.0));
        assert_eq!(race.quiet("lesson10", Some("WebSocket")), None);
        assert_eq!(race.quiet("lesson07", None), None);
    }
}
