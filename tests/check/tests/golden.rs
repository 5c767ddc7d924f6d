//! The command, word for word: a pass, a failure, a time-out, a server that dies.
//!
//! `BLESS=1 cargo test -p check --test golden` writes the files anew.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use check::lessons::LESSONS;
use check::workshop;

/// A server that knows only the end of a head, and nothing of what must be refused.
fn careless() -> SocketAddr {
    serve(|mut client| {
        let mut head = Vec::new();
        let mut buffer = [0; 1024];
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match client.read(&mut buffer) {
                Ok(count @ 1..) => head.extend_from_slice(&buffer[..count]),
                _ => return,
            }
        }
        // The client may have left.
        let _ = client.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\nHello, World!\n",
        );
    })
}

/// A server that listens, and never says a word.
fn mute() -> SocketAddr {
    serve(|mut client| {
        let _ = client.read_to_end(&mut Vec::new());
    })
}

fn serve(answer: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || answer(client));
        }
    });
    address
}

/// Runs the command: its output and its exit code.
fn check(words: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .args(words)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap())
}

fn assert_golden(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = normalised(text);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run with BLESS=1", file.display()));
    assert_eq!(text, golden, "{name}: run with BLESS=1 if that is right");
}

/// Ports and times differ from run to run, and the last lesson from time to time.
fn normalised(text: &str) -> String {
    let last = LESSONS.last().unwrap().package;
    let text = &without_times(text).replace(&format!("through {last}"), "through the last lesson");
    let mut result = String::new();
    let mut parts = text.split("127.0.0.1:");
    result.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        result.push_str("127.0.0.1:PORT");
        result.push_str(&part[digits..]);
    }
    result
}

/// `took 3 s` at the end of a line: on a busy machine everything takes longer.
fn without_times(text: &str) -> String {
    let mut result = String::new();
    for line in text.lines() {
        match line.rsplit_once("took ") {
            Some((before, seconds)) if seconds.ends_with(" s") => match before.strip_suffix(", ") {
                Some(before) => result.push_str(&format!("{before}, took N s")),
                None => result.push_str(before.trim_end()),
            },
            _ => result.push_str(line),
        }
        result.push('\n');
    }
    result
}

#[test]
fn a_pass() {
    let address = careless().to_string();
    let (text, code) = check(&["--addr", &address, "--only", "hello", "head-in-two-writes"]);
    assert_golden("pass.txt", &text);
    assert_eq!(code, 0);
}

#[test]
fn a_pass_in_full() {
    let address = careless().to_string();
    let (text, code) = check(&["--addr", &address, "--verbose", "--only", "hello"]);
    assert_golden("verbose.txt", &text);
    assert_eq!(code, 0);
}

#[test]
fn a_failure() {
    let address = careless().to_string();
    let only = [
        "no-host",
        "space-before-colon",
        "fragment",
        "echo",
        "restart",
    ];
    let words = [
        &["--addr", &address, "--through", "lesson02", "--only"],
        &only[..],
    ]
    .concat();
    let (text, code) = check(&words);
    assert_golden("failure.txt", &text);
    assert_eq!(code, 1);
}

#[test]
fn a_time_out() {
    let address = mute().to_string();
    let (text, code) = check(&[
        "--addr",
        &address,
        "--patience",
        "0.3",
        "--only",
        "hello",
        "tls-hello",
    ]);
    assert_golden("timeout.txt", &text);
    assert_eq!(code, 1);
}

#[test]
fn a_server_that_dies() {
    let server = workshop::example("check", "dies_on_silence").unwrap();
    let command = format!("RUST_BACKTRACE=0 {} {{port}}", server.display());
    let (text, code) = check(&[
        "--run",
        &command,
        "--only",
        "hello",
        "connect-and-close",
        "hello",
    ]);
    // A panic message of Rust names a thread by number.
    let text: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("panicked at"))
        .collect();
    assert_golden("dies.txt", &(text.join("\n") + "\n"));
    assert_eq!(code, 1);
}

#[test]
fn a_wrong_command_line_and_an_absent_server_have_exit_codes_of_their_own() {
    for (words, code, part) in [
        (
            &["--addr", "127.0.0.1:8888", "--only", "helo"][..],
            2,
            "Did you mean hello?",
        ),
        (
            &["--addr", "127.0.0.1:8888", "--through", "lesson99"],
            2,
            "there is no lesson",
        ),
        (&["--addr", "nonsense"], 2, "HOST:PORT"),
        (&["--run", "python3 my_server.py"], 2, "{port}"),
        (&[], 2, "break lesson01 silent-client"),
        (
            &["break", "lesson01", "silent"],
            2,
            "Did you mean silent-client?",
        ),
        (&["exercise", "01-9"], 2, "Did you mean 01-1?"),
        (&["--nonsense"], 2, "--nonsense"),
        (
            &["--addr", "127.0.0.1:1", "--only", "hello"],
            3,
            "nothing listens on",
        ),
        (
            &["--run", "echo no server on {port}; exit 1"],
            3,
            "no server on",
        ),
    ] {
        let (text, got) = check(words);
        assert_eq!(got, code, "{words:?}: {text}");
        assert!(text.contains(part), "{words:?}: {text}");
    }
}

#[test]
fn an_exercise_can_be_checked_with_our_solution() {
    let (text, code) = check(&["exercise", "01-1", "--solution"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("✓ solved"), "{text}");
    let address = careless().to_string();
    let (text, code) = check(&["exercise", "01-1", "--addr", &address]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("Hint:"), "{text}");
}

#[test]
fn everything_is_listed() {
    let (text, code) = check(&["list"]);
    assert_eq!(code, 0);
    for probe in check::probes::all() {
        assert!(text.contains(probe.name), "{}", probe.name);
    }
    for exercise in check::exercises::EXERCISES {
        assert!(text.contains(exercise.id), "{}", exercise.id);
    }
}
