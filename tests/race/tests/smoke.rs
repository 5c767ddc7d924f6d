//! A race from end to end, short: its shape, never its times. And the book's figures.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use check::workshop::workspace;
use race::report::Report;
use race::{chart, page};
use rustix::process::{Pid, Signal, kill_process};

/// Runs the command, and gives its report.
fn race(flags: &[&str]) -> (Report, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.json", flags.len()));
    let output = Command::new(env!("CARGO_BIN_EXE_race"))
        .args(["--rounds", "3", "--seconds", "0.3", "--json"])
        .arg(&file)
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let report = Report::from_json(&fs::read_to_string(file).unwrap()).unwrap();
    (report, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn lesson_3_costs_more_than_the_limit_and_fails_no_request() {
    let (report, table) = race(&["--lessons", "03"]);
    let [class] = &report.classes[..] else {
        panic!("lesson 3 keeps no connection alive");
    };
    let [row] = &class.rows[..] else {
        panic!("{:?}", class.rows);
    };
    assert_eq!(
        (row.name.as_str(), row.errors, class.limit.errors),
        ("lesson03", 0, 0)
    );
    // Processor time comes in ticks of 10 ms, and these rounds are short.
    let ratio = row.ratio.unwrap();
    assert!(0.0 < ratio.median && ratio.median < 1.3, "{ratio:?}");
    assert!(row.requests > 0 && row.p50_us.median <= row.p99_us.median);
    assert!(
        table.contains("lesson03") && table.contains("the limit"),
        "{table}"
    );
    assert!(
        table.lines().all(|line| line.chars().count() <= 80),
        "{table}"
    );
}

#[test]
fn another_server_races_under_its_name_where_it_can_and_falls_out_where_it_cannot() {
    let race = env!("CARGO_BIN_EXE_race");
    let command = format!("'{race}' limit-epoll --addr 127.0.0.1:{{port}}");
    let output = Command::new(race)
        .args(["--rounds", "1", "--seconds", "0.3", "--no-lessons"])
        .args(["--cmd", &command, "--name", "twin"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    let (new, kept) = table.split_once("Connections kept alive").unwrap();
    let twin = |line: &str| line.starts_with("  twin ");
    assert!(kept.lines().any(twin) && !new.lines().any(twin), "{table}");
    // It answers, but it never closes, whatever the request says.
    assert!(new.contains("Fell out of the race: twin"), "{table}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_race_that_is_interrupted_leaves_nothing_running() {
    let race = env!("CARGO_BIN_EXE_race");
    let command = format!("'{race}' limit-blocking --addr 127.0.0.1:{{port}}");
    let mut child = Command::new(race)
        .args(["--seconds", "60", "--no-lessons", "--cmd", &command])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let id = child.id();
    // Two servers, and a keeper for each.
    let started = wait_until(|| descendants(id).len() >= 4);
    let servers = descendants(id);
    let pid = Pid::from_raw(id.cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    assert!(started, "{servers:?}");
    let gone = |id: &u32| parent(*id).is_none();
    assert!(wait_until(|| servers.iter().all(gone)), "{servers:?}");
}

/// Looks again and again. False: it did not come true before the guard.
fn wait_until(mut condition: impl FnMut() -> bool) -> bool {
    let guard = Instant::now() + Duration::from_secs(20);
    while !condition() {
        if Instant::now() > guard {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// Every process below this one.
fn descendants(id: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_below = |&below: &u32| {
        let mut ancestors = std::iter::successors(parent(below), |&id| parent(id));
        ancestors.any(|ancestor| ancestor == id)
    };
    ids.filter(is_below).collect()
}

/// The parent of a process that lives.
fn parent(id: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    let lives = words.next() != Some("Z");
    words.next()?.parse().ok().filter(|_| lives)
}

/// Figures and drawing in the book come from the same run.
#[test]
fn the_books_page_and_chart_are_drawn_from_its_data() {
    let book = workspace().join("book");
    let Ok(data) = fs::read_to_string(book.join("data/race.json")) else {
        assert!(!book.join("data/race.md").exists(), "figures without data");
        return;
    };
    let report = Report::from_json(&data).unwrap();
    let in_the_book = |file| fs::read_to_string(book.join(file)).unwrap();
    let mend = "cargo run --release -p race -- --book writes them anew";
    assert_eq!(in_the_book("data/race.md"), page::draw(&report), "{mend}");
    assert_eq!(
        in_the_book("src/figures/race.svg"),
        chart::draw(&report),
        "{mend}"
    );
}
