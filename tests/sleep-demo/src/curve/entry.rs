//! Which servers take part, how they are started, and how many requests each serves at once.

use check::lessons;

use crate::curve::work::Work;

/// A way to start a lesson. In its flags and words, `{workers}` is the number of workers, and
/// `{crowd}` that of processes or threads where each connection has its own: four times as many.
#[derive(Clone, Copy, Debug)]
struct Row {
    number: u8,
    /// What stands behind the number where a lesson is started in several ways.
    way: &'static str,
    words: &'static str,
    flags: &'static str,
    sleeping: AtOnce,
    computing: AtOnce,
    by_default: bool,
}

/// How many requests are served at the same time.
#[derive(Clone, Copy, Debug)]
enum AtOnce {
    One,
    Workers,
    Crowd,
    Connections,
}

/// As many connections as lessons 10 to 12 are given.
const CONNECTIONS: usize = 2000;

/// A queue in which nobody is refused.
const DEEP: &str = "--threads {workers} --max-threads {workers} --queue 20000 --queue-timeout 60";

use AtOnce::{Connections, Crowd, One, Workers};

/// Every way to start a lesson. A new one is a new line.
const TABLE: &[Row] = &[
    row(3, "one at a time", "", One, One).shown(),
    row(4, "one at a time", "", One, One),
    row(
        5,
        "a process for each connection, {crowd} at most",
        "--max-children {crowd}",
        Crowd,
        Crowd,
    )
    .shown(),
    row(
        6,
        "a thread for each connection, {crowd} at most",
        "--max-threads {crowd}",
        Crowd,
        Crowd,
    )
    .shown(),
    row(7, "a pool of {workers} workers", DEEP, Workers, Workers).shown(),
    row(
        7,
        "a pool of {workers} workers, and room for {workers} who wait",
        "--threads {workers} --max-threads {workers} --queue {workers} --queue-timeout 0.001",
        Workers,
        Workers,
    )
    .way("q"),
    row(8, "a pool of {workers} workers", DEEP, Workers, Workers),
    row(9, "a pool of {workers} workers", DEEP, Workers, Workers),
    row(10, "an event loop", "--connections 2000", One, One).shown(),
    row(
        10,
        "an event loop with {workers} workers",
        "--connections 2000 --workers {workers}",
        Workers,
        Workers,
    )
    .way("w")
    .shown(),
    row(
        11,
        "a greenlet for each connection",
        "--connections 2000",
        Connections,
        One,
    )
    .shown(),
    row(
        12,
        "a task for each connection",
        "--connections 2000 --workers {workers}",
        Connections,
        Workers,
    )
    .shown(),
];

const fn row(
    number: u8,
    words: &'static str,
    flags: &'static str,
    sleeping: AtOnce,
    computing: AtOnce,
) -> Row {
    Row {
        number,
        way: "",
        words,
        flags,
        sleeping,
        computing,
        by_default: false,
    }
}

/// A lesson that takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The package, which is the name of the binary, too: `lesson10`.
    pub package: &'static str,
    /// What it is called: `lesson10w`.
    pub name: String,
    /// What serves a request there.
    pub words: String,
    /// Flags besides `--addr`.
    pub flags: Vec<String>,
    /// How many requests it serves at once.
    pub at_once: usize,
}

impl Row {
    const fn shown(self) -> Row {
        Row {
            by_default: true,
            ..self
        }
    }

    const fn way(self, way: &'static str) -> Row {
        Row { way, ..self }
    }

    /// `10w`, as it is asked for.
    fn name(&self) -> String {
        format!("{:02}{}", self.number, self.way)
    }

    /// `None`: there is no such lesson yet.
    fn entry(&self, work: Work, workers: usize, cores: usize) -> Option<Entry> {
        let package = lessons::numbered(self.number)?.package;
        let crowd = workers * 4;
        let fill = |text: &str| {
            text.replace("{workers}", &workers.to_string())
                .replace("{crowd}", &crowd.to_string())
        };
        let at_once = match work {
            Work::Sleep(_) => self.sleeping,
            Work::Primes(_) => self.computing,
        };
        let at_once = match at_once {
            One => 1,
            Workers => workers,
            Crowd => crowd,
            Connections => CONNECTIONS,
        };
        // A queue of the kernel that is too short would make clients wait for something else.
        let flags = format!("--quiet --backlog 4096 {}", fill(self.flags));
        Some(Entry {
            package,
            name: format!("{package}{}", self.way),
            words: fill(self.words),
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            at_once: work.at_once(at_once, cores),
        })
    }
}

/// The lessons that are shown when nobody names any.
pub fn by_default(work: Work, workers: usize, cores: usize) -> Vec<Entry> {
    let rows = TABLE.iter().filter(|row| row.by_default);
    rows.filter_map(|row| row.entry(work, workers, cores))
        .collect()
}

/// The lessons that the book shows: those, and the pool whose queue has an end.
pub fn for_the_book(work: Work, workers: usize, cores: usize) -> Vec<Entry> {
    let is_shown = |row: &&Row| match work {
        Work::Sleep(_) => row.by_default || row.way == "q",
        Work::Primes(_) => row.by_default,
    };
    let rows = TABLE.iter().filter(is_shown);
    rows.filter_map(|row| row.entry(work, workers, cores))
        .collect()
}

/// The lesson that somebody names: `03`, `3`, `lesson03`, `10w`. The error says what there is.
pub fn named(name: &str, work: Work, workers: usize, cores: usize) -> Result<Entry, String> {
    let number = name.strip_prefix("lesson").unwrap_or(name);
    let meant = |row: &&Row| row.name() == number || row.name() == format!("0{number}");
    let row = TABLE.iter().find(meant);
    let entry = row.and_then(|row| row.entry(work, workers, cores));
    entry.ok_or_else(|| {
        let names: Vec<_> = TABLE.iter().map(Row::name).collect();
        format!("there is no curve of {name:?}, but of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLEEP: Work = Work::Sleep(50);

    #[test]
    fn at_least_eight_servers_are_shown_when_nobody_names_any() {
        assert!(by_default(SLEEP, 4, 1).len() >= 8);
    }

    #[test]
    fn a_lesson_is_found_by_number_way_and_package() {
        let one = named("3", SLEEP, 4, 1).unwrap();
        assert_eq!(named("lesson03", SLEEP, 4, 1).as_ref(), Ok(&one));
        assert_eq!((one.at_once, one.package), (1, "lesson03"));
        let with_workers = named("10w", SLEEP, 5, 1).unwrap();
        assert_eq!(
            (with_workers.name.as_str(), with_workers.at_once),
            ("lesson10w", 5)
        );
        assert!(with_workers.flags.contains(&"5".to_owned()));
        let error = named("02", SLEEP, 4, 1).unwrap_err();
        assert!(
            error.contains("no curve of \"02\"") && error.contains("10w, 11"),
            "{error}"
        );
    }

    #[test]
    fn whoever_computes_is_as_many_as_there_are_cores() {
        let at_once = |name, cores| named(name, Work::Primes(9), 4, cores).unwrap().at_once;
        assert_eq!(
            (at_once("07", 1), at_once("07", 3), at_once("07", 9)),
            (1, 3, 4)
        );
        assert_eq!((at_once("11", 9), at_once("12", 9)), (1, 4));
        assert_eq!(named("05", SLEEP, 4, 1).unwrap().at_once, 16);
    }
}
