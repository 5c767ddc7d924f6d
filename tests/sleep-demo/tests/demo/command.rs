//! The command line, as somebody uses it in a script.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};

use sleep_demo::plan::Kind;
use sleep_demo::report::Report;

use crate::alone;
use crate::fake::{self, Answer, Manner};

fn sleep_demo(arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sleep-demo"));
    let output = command.args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

fn url_of(manner: Manner, answer: Answer) -> String {
    format!("http://{}/sleep?ms={{ms}}", fake::start(manner, answer))
}

#[test]
fn a_foreign_server_is_drawn_and_its_kind_found_out() {
    let _turn = alone();
    let url = url_of(Manner::Pool(2), Answer::SaysNothing);
    let (output, text) = sleep_demo(&["--url", &url, "--requests", "4", "--sleep", "0.15"]);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains(", 2 at a time: "), "{text}");
    let lanes: Vec<_> = text.lines().filter(|line| line.contains('█')).collect();
    // The legend and four lanes, of which the last has waited for one round more than the first.
    assert_eq!(lanes.len(), 5, "{text}");
    let waits = |line: &str| line.matches('░').count();
    assert!(waits(lanes[4]) > waits(lanes[1]) + 10, "{text}");
    assert!(text.contains("server        total    p50"), "{text}");
    assert!(!text.contains('\x1b'), "colours where nobody sees them");
}

#[test]
fn what_was_measured_is_written_where_it_was_asked_for() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let url = url_of(Manner::Threads, Answer::Tells);
    let (json, html, svg) = (path("a.json"), path("a.html"), path("drawings"));
    let (output, text) = sleep_demo(&[
        "--url",
        &url,
        "--requests",
        "3",
        "--sleep",
        "0.15",
        "--rounds",
        "3",
        "--json",
        &json,
        "--html",
        &html,
        "--svg",
        &svg,
    ]);
    assert_eq!(output.status.code(), Some(0), "{text}");

    let report = Report::of_json(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!((report.load.requests, report.load.sleep_ms), (3, 150));
    assert_eq!(report.runs[0].kind, Kind::Unbounded);
    assert_eq!((report.runs.len(), report.runs[0].rounds_ms.len()), (1, 3));
    assert!(text.contains("Round 3 of 3") && text.contains("the middle one of 3 rounds"));
    assert!(report.stamp.rustc.starts_with("rustc "));
    assert_eq!(Report::of_json(&report.to_json()), Ok(report.clone()));

    let page = fs::read_to_string(html).unwrap();
    assert_eq!(page.matches("<svg ").count(), 2);
    assert!(page.contains(&report.stamp.kernel) && page.contains("prefers-color-scheme: dark"));
    for elsewhere in ["src=", "href=", "@import", "url("] {
        assert!(!page.contains(elsewhere), "the page needs another file");
    }

    let drawings = fs::read_dir(svg).unwrap().count();
    assert_eq!(drawings, 2);
}

#[test]
fn a_server_that_is_full_is_shown_as_it_is_and_the_exit_code_says_so() {
    let _turn = alone();
    let url = url_of(Manner::Full(1), Answer::Tells);
    let (output, text) = sleep_demo(&["--url", &url, "--requests", "3", "--sleep", "0.15"]);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let refused = text.lines().filter(|line| line.contains(" 503 "));
    let refused = refused.filter(|line| line.contains("x ") && !line.contains('█'));
    assert_eq!(refused.count(), 2, "{text}");
    assert!(text.contains("2 not served"), "{text}");
}

#[test]
fn a_server_that_is_not_there_is_shown_as_it_is() {
    // Free a moment ago, and nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (output, text) = sleep_demo(&["--url", &url, "--requests", "2"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text.matches("refused").count(), 2, "{text}");
}

#[test]
fn a_wrong_command_line_is_refused_with_a_reason() {
    let table: &[(&[&str], &str)] = &[
        (&["--requests", "0"], "--requests takes"),
        (&["--sleep", "0"], "--sleep takes"),
        (&["--sleep", "NaN"], "--sleep takes"),
        (&["--workers", "0"], "--workers takes"),
        (&["--rounds", "0"], "--rounds takes"),
        (&["--lessons", "02"], "lesson02 serves no /sleep"),
        (&["--lessons", "03,77"], "there is no lesson77"),
        (&["--lessons", "seven"], "is no number"),
        (&["--url", "https://localhost/"], "http://"),
        (&["--book", "--lessons", "03"], "cannot be used with"),
        (&["--colour"], "unexpected argument"),
    ];
    for (arguments, reason) in table {
        let (output, text) = sleep_demo(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains(reason), "{arguments:?}: {words}");
        assert_eq!(text, "", "{arguments:?}");
    }
}
