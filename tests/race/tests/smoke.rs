//! A race from end to end, short: its shape, never its times. And the book's figures.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use check::workshop::workspace;
use kit::patience::{eventually, until};
use kit::process::{Stat, below};
use race::report::Report;
use race::{chart, page};
use rustix::process::{Pid, Signal, kill_process};

/// Runs the command, and gives its report.
fn race(flags: &[&str]) -> (Report, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.json", flags.len()));
    let output = Command::new(env!("CARGO_BIN_EXE_race"))
        .args([
            "--rounds",
            "3",
            "--seconds",
            "0.3",
            "--quiet",
            "0",
            "--json",
        ])
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
        .args([
            "--rounds",
            "1",
            "--seconds",
            "0.3",
            "--quiet",
            "0",
            "--no-lessons",
        ])
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

/// In a debug build the figures are larger, and in the same order.
#[test]
fn a_quiet_client_costs_a_loop_least_and_a_server_for_one_at_a_time_everything() {
    let flags = ["--lessons", "03,06,10", "--quiet", "1000"];
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("quiet.json");
    let output = Command::new(env!("CARGO_BIN_EXE_race"))
        .args(["--rounds", "1", "--seconds", "0.1", "--json"])
        .arg(&file)
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = Report::from_json(&fs::read_to_string(file).unwrap()).unwrap();
    let crowd = report.crowd.unwrap();
    assert_eq!(crowd.failed, [""; 0]);
    let [single, threads, event_loop] = &crowd.rows[..] else {
        panic!("{:?}", crowd.rows);
    };
    assert!(single.bytes.is_none() && !single.serves_others);
    assert!(threads.serves_others && event_loop.serves_others);
    assert_eq!((threads.clients, event_loop.clients), (250, 1000));
    assert!(threads.bytes > event_loop.bytes.map(|bytes| bytes * 3.0));
    assert!(event_loop.bytes < Some(2048.0), "{event_loop:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("\nQuiet clients\n"), "{table}");
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
    let started = eventually(|| below(id).len() >= 4);
    let servers = below(id);
    let pid = Pid::from_raw(id.cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    assert!(started, "{servers:?}");
    let gone = |&id: &u32| Stat::of(id).is_none_or(|stat| !stat.lives());
    until("all are gone", || servers.iter().all(gone));
}

#[cfg(debug_assertions)]
#[test]
fn a_debug_build_writes_no_figures_into_the_book() {
    let data = workspace().join("book/data/race.json");
    let before = fs::read(&data).ok();
    let output = Command::new(env!("CARGO_BIN_EXE_race"))
        .args(["--rounds", "1", "--seconds", "0.3", "--book"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("use cargo run --release"), "{said}");
    assert_eq!(fs::read(&data).ok(), before);
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
    if let Ok(data) = fs::read_to_string(book.join("data/python.json")) {
        let page = page::draw(&Report::from_json(&data).unwrap());
        assert_eq!(in_the_book("data/python.md"), page, "with --python");
    }
    if let Some(crowd) = page::draw_crowd(&report) {
        assert_eq!(in_the_book("data/quiet.md"), crowd, "{mend}");
    }
    assert_eq!(
        in_the_book("src/figures/race.svg"),
        chart::draw(&report),
        "{mend}"
    );
}
