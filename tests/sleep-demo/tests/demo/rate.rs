//! Curves: flat, knee, wall. Shapes and generous ratios, never times.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use check::server::Launch;
use check::workshop;
use kit::patience::until;
use kit::process::below;
use load::Question;
use rustix::process::{Pid, Signal, kill_process};
use sleep_demo::curve::climb::Climb;
use sleep_demo::curve::entry;
use sleep_demo::curve::point::{Point, Standing};
use sleep_demo::curve::report::{Curve, Report};
use sleep_demo::curve::turn::Turn;
use sleep_demo::curve::work::Work;

use crate::alone;
use crate::fake::{self, Answer, Manner};

const WORK: Work = Work::Sleep(50);

/// A busy machine oversleeps, and then gives less than theory says. It never gives much more.
const NEAR: std::ops::Range<f64> = 0.5..1.35;

/// Takes a turn, with as many rates as are needed to see the shape. What could not be measured
/// because of the machine is measured again; then it counts, whatever it is.
fn curve_of(name: &str, at_once: Option<usize>, address: SocketAddr) -> Curve {
    let turn = Turn {
        name: name.to_owned(),
        words: String::new(),
        at_once,
        address,
        question: Question::get(address.to_string(), WORK.fill(WORK.path())),
        work: WORK,
        climb: Some(Climb {
            first: 10.0,
            most: 160.0,
            // On a busy machine every quiet moment is used.
            patience: 40,
        }),
        lasting: None,
    };
    let mut frames = 0;
    let mut take = || {
        let curve = turn.take(|_, _| {
            frames += 1;
            ControlFlow::Continue(())
        });
        curve.unwrap()
    };
    let mut curve = take();
    for _ in 0..2 {
        if curve.drawn().count() < curve.points.len() {
            curve = take();
        }
    }
    assert!(frames > 1, "nobody could have watched {name}");
    curve
}

/// Once for all tests.
fn pool() -> &'static Curve {
    static POOL: OnceLock<Curve> = OnceLock::new();
    POOL.get_or_init(|| lesson("07"))
}

fn lesson(name: &str) -> Curve {
    let entry = entry::named(name, WORK, 3, 1).unwrap();
    let binary = workshop::binary(entry.package).unwrap();
    let flags = entry.flags.clone();
    let server = Launch::Lesson { binary, flags }.start(None).unwrap();
    curve_of(&entry.name, Some(entry.at_once), server.address())
}

/// The point with the highest rate.
fn wall(curve: &Curve) -> &Point {
    curve.drawn().last().unwrap_or_else(|| panic!("{curve:#?}"))
}

/// As long as one waits who is alone, as far as the server keeps up; and at the wall, for long.
fn assert_flat_knee_wall(curve: &Curve) {
    let knee = curve.knee.at().unwrap_or_else(|| panic!("{curve:#?}"));
    let ratio = knee / curve.knee.theory.unwrap();
    assert!(NEAR.contains(&ratio), "{ratio} of theory: {curve:#?}");
    for point in curve.drawn().filter(|point| point.rate < knee * 0.7) {
        assert!(point.p50_ms < curve.alone_ms * 2.0, "not flat: {curve:#?}");
    }
    let wall = wall(curve);
    assert_eq!(wall.standing, Standing::Fell, "{curve:#?}");
    assert!(wall.p99_ms > curve.alone_ms * 3.0, "no wall: {curve:#?}");
    assert!(wall.answers_per_second < wall.rate * 0.95, "{curve:#?}");
}

#[test]
fn a_little_pool_is_flat_has_its_knee_where_theory_says_and_then_a_wall() {
    let _turn = alone();
    let address = fake::start(Manner::Pool(3), Answer::SaysNothing);
    assert_flat_knee_wall(&curve_of("little", Some(3), address));
}

#[test]
fn a_server_for_any_number_has_no_knee_as_far_as_is_looked() {
    let _turn = alone();
    let address = fake::start(Manner::Threads, Answer::SaysNothing);
    let curve = curve_of("threads", None, address);
    let highest = wall(&curve);
    // On a busy machine its threads may be the ones that do not keep up, but much later.
    assert!(highest.rate > 60.0, "{curve:#?}");
    assert!(highest.p50_ms < curve.alone_ms * 3.0, "{curve:#?}");
}

#[test]
fn little_predicts_the_knees_of_one_at_a_time_of_a_pool_and_of_a_loop_with_workers() {
    for package in ["lesson03", "lesson07", "lesson10"] {
        workshop::binary(package).unwrap();
    }
    let _turn = alone();
    let curves = [lesson("03"), pool().clone(), lesson("10w")];
    curves.iter().for_each(assert_flat_knee_wall);
    // Three workers, three times as much.
    let knees = curves.map(|curve| curve.knee.at().unwrap());
    for knee in &knees[1..] {
        let ratio = knee / knees[0];
        assert!((1.5..6.0).contains(&ratio), "{knees:?}");
    }
}

#[test]
fn a_queue_with_an_end_has_errors_where_one_without_has_long_waits() {
    workshop::binary("lesson07").unwrap();
    let _turn = alone();
    let (without, with) = (pool(), lesson("07q"));
    assert_eq!(wall(without).failed(), 0, "{without:#?}");
    let refused = wall(&with);
    assert!(refused.failed() > 0, "{with:#?}");
    assert_eq!(refused.errors[0].reason, "503");
    assert!(
        refused.p99_ms < wall(without).p99_ms,
        "{with:#?} {without:#?}"
    );
}

fn sleep_demo(arguments: &[&str]) -> (Output, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sleep-demo"));
    let output = command.args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

/// Short enough for a test: few rates.
const SHORT: &[&str] = &["--rate", "--most", "40"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [SHORT, more].concat()
}

#[test]
fn what_was_measured_is_written_where_it_was_asked_for() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let address = fake::start(Manner::OneAtATime, Answer::SaysNothing);
    let url = format!("http://{address}/sleep?ms={{ms}}");
    let (json, html, svg) = (path("a.json"), path("a.html"), path("drawings"));
    let (output, text) = sleep_demo(&with(&[
        "--url", &url, "--json", &json, "--html", &html, "--svg", &svg,
    ]));
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(!text.contains('\x1b') && text.contains("Knee: "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");

    let report = Report::of_json(&fs::read_to_string(json).unwrap()).unwrap();
    let [curve] = &report.curves[..] else {
        panic!("{report:#?}");
    };
    assert_eq!(
        (report.work, curve.name.as_str()),
        (WORK, address.to_string().as_str())
    );
    // Nobody has told that it serves one at a time, but its own numbers do.
    let full = curve.full().unwrap();
    assert!((0.5..1.6).contains(&full), "{curve:#?}");

    let page = fs::read_to_string(html).unwrap();
    assert_eq!(page.matches("<svg ").count(), 2);
    for elsewhere in ["src=", "href=", "@import", "url("] {
        assert!(!page.contains(elsewhere), "the page needs another file");
    }
    assert_eq!(fs::read_dir(svg).unwrap().count(), 2);
}

const PYTHON: &str = r#"
import http.server, sys, time

class Sleeper(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(int(self.path.partition("ms=")[2] or 0) / 1000)
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"slept")

    def log_message(self, *arguments):
        pass

http.server.HTTPServer.request_queue_size = 200
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Sleeper).serve_forever()
"#;

const NODE: &str = r#"
const server = require("http").createServer((request, response) => {
  const ms = Number(request.url.split("ms=")[1] || 0);
  setTimeout(() => response.end("slept"), ms);
});
server.listen(Number(process.argv[2]), "127.0.0.1");
"#;

/// The curve of a server in another language.
fn foreign(program: &str, file: &str, text: &str) -> Option<Curve> {
    if !kit::needed::program(program) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let (server, json) = (folder.path().join(file), folder.path().join("a.json"));
    fs::write(&server, text).unwrap();
    let command = format!("exec {program} {} {{port}}", server.display());
    let json = json.display().to_string();
    let (output, said) = sleep_demo(&with(&["--run", &command, "--json", &json]));
    assert_eq!(output.status.code(), Some(0), "{said}");
    let mut report = Report::of_json(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(report.curves[0].name, file);
    report.curves.pop()
}

#[test]
fn a_server_in_python_that_serves_one_at_a_time_is_seen_to_do_so() {
    let _turn = alone();
    if let Some(curve) = foreign("python3", "server.py", PYTHON) {
        let full = curve.full().unwrap_or_else(|| panic!("{curve:#?}"));
        assert!((0.5..1.6).contains(&full), "{full}: {curve:#?}");
    }
}

#[test]
fn a_server_in_node_that_serves_any_number_is_seen_to_do_so() {
    let _turn = alone();
    if let Some(curve) = foreign("node", "server.js", NODE) {
        let highest = wall(&curve);
        assert!(highest.rate > 30.0 && highest.failed() == 0, "{curve:#?}");
        assert!(highest.p50_ms < curve.alone_ms * 3.0, "{curve:#?}");
    }
}

#[test]
fn a_server_of_which_there_is_no_curve_is_named_with_the_reason_and_the_others_are_drawn() {
    let _turn = alone();
    let nobody = fake::start(Manner::OneAtATime, Answer::SaysNothing);
    let url = format!("http://{nobody}/sleep?ms={{ms}}");
    // Free a moment ago, and nobody listens.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (output, text) = sleep_demo(&with(&["--url", &gone, "--url", &url]));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains(": refused") && text.contains("Knee: "),
        "{text}"
    );

    let (output, text) = sleep_demo(&with(&["--lessons", "03", "--run", "exit 3 # {port}"]));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("the server was never ready"), "{text}");
    assert!(text.contains("lesson03"), "{text}");
}

#[test]
fn a_server_that_lacks_the_route_is_told_so() {
    let _turn = alone();
    let binary = workshop::binary("lesson03").unwrap();
    let command = format!(
        "exec {} --quiet --addr 127.0.0.1:{{port}}",
        binary.display()
    );
    let (output, text) = sleep_demo(&with(&["--run", &command, "--path", "/nothing"]));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("lesson03 answers /nothing with 404"),
        "{text}"
    );
}

#[test]
fn a_wrong_command_line_is_refused_with_a_reason() {
    let table: &[(&[&str], &str)] = &[
        (&["--rate", "--sleep", "0"], "--sleep takes"),
        (&["--rate", "--seconds", "0"], "--seconds takes"),
        (&["--rate", "--seconds", "NaN"], "--seconds takes"),
        (&["--rate", "--workers", "0"], "--workers takes"),
        (&["--rate", "--primes", "0"], "--primes takes"),
        (
            &["--rate", "--lessons", "02"],
            "there is no curve of \"02\"",
        ),
        (&["--rate", "--url", "https://localhost/"], "http://"),
        (&["--rate", "--requests", "3"], "cannot be used with"),
        (&["--rate", "--rounds", "3"], "cannot be used with"),
        (&["--rate", "--path", "/"], "--run"),
        (&["--primes", "3"], "--rate"),
        (&["--run", "x {port}"], "--rate"),
    ];
    for (arguments, reason) in table {
        let (output, text) = sleep_demo(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {words}");
        assert!(words.contains(reason), "{arguments:?}: {words}");
        assert_eq!(text, "", "{arguments:?}");
    }
}

/// A run in the middle of its second server; its first has been drawn already.
fn in_the_middle(json: &Path) -> std::process::Child {
    let binary = workshop::binary("lesson03").unwrap();
    let command = format!(
        "exec {} --quiet --addr 127.0.0.1:{{port}}",
        binary.display()
    );
    let child = Command::new(env!("CARGO_BIN_EXE_sleep-demo"))
        .args(["--rate", "--most", "20", "--seconds", "0.5"])
        .args(["--lessons", "03", "--run", &command, "--json"])
        .arg(json)
        // Slow enough to be met.
        .args(["--path", "/sleep?ms=3000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = || {
        let arguments = below(child.id())
            .into_iter()
            .map(|id| fs::read_to_string(format!("/proc/{id}/cmdline")));
        let lines: Vec<String> = arguments.flatten().collect();
        // The lesson by itself has a backlog, the same as a command has none.
        lines
            .iter()
            .any(|line| line.contains("lesson03\0") && !line.contains("--backlog"))
    };
    until("the second server has its turn", started);
    child
}

#[test]
fn ctrl_c_draws_what_there_is_and_leaves_nothing_behind() {
    let _turn = alone();
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("a.json");
    let child = in_the_middle(&json);
    let id = child.id();
    let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    let started = below(id);
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(
        text.contains("p99 in ms") && text.contains("a lesson03"),
        "{text}"
    );
    let report = Report::of_json(&fs::read_to_string(json).unwrap()).unwrap();
    assert!(report.curves[0].drawn().count() > 0, "{report:#?}");
    until("nothing is left", || {
        let lives = |id: &u32| kit::process::Stat::of(*id).is_some_and(|stat| stat.lives());
        !started.iter().any(lives)
    });
}
