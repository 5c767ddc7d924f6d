//! The checker against servers that we did not write: those of Python's own library.

use std::path::Path;
use std::process::Command;

use kit::needed;

/// Without it the checker meets no foreign server.
fn python_exists() -> bool {
    needed::program("python3")
}

/// Checks what the command starts: the lines that begin with a sign, and the exit code.
fn survey(command: &str, words: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers"))
        .args(["--run", command, "--patience", "1"])
        .args(words)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (text, output.status.code().unwrap())
}

fn assert_signs(text: &str, signs: &[(&str, &str)]) {
    for (name, sign) in signs {
        let line = format!("{sign} {name}  ");
        assert!(
            text.lines().any(|found| found.starts_with(&line)),
            "no {line:?} in\n{text}"
        );
    }
}

#[test]
fn python_http_server_is_judged_fairly() {
    if !python_exists() {
        return;
    }
    let (text, code) = survey(
        "exec python3 -m http.server --bind 127.0.0.1 {port}",
        &["--hold", "1"],
    );
    assert_eq!(code, 1, "{text}");
    assert_signs(
        &text,
        &[
            ("hello", "✓"),
            ("connect-and-close", "✓"),
            ("head-byte-by-byte", "✓"),
            // A thread for each client.
            ("silent-client", "✓"),
            ("newest-first", "✓"),
            ("head-method", "✓"),
            ("date", "✓"),
            ("restart", "✓"),
            ("descriptors-exhausted", "✓"),
            ("five-hundred-clients", "✓"),
            ("garbage", "✓"),
            ("many-silent-clients", "✓"),
            ("close-table", "✓"),
            ("zombies", "✓"),
            ("many-requests", "✓"),
            // It serves without Host, where the RFC says MUST.
            ("no-host", "✗"),
            ("space-before-colon", "✗"),
            // Against a SHOULD.
            ("fragment", "!"),
            // Legal, and not what we recommend.
            ("lf-only", "≈"),
            ("obs-fold", "≈"),
            // It speaks HTTP/1.0, and closes.
            ("keep-alive", "≈"),
            ("pipeline", "≈"),
            ("stay-table", "≈"),
            ("idle-keep-alive-crowd", "–"),
            // It has no such routes.
            ("echo", "–"),
            ("panic", "–"),
            ("slow-application", "–"),
        ],
    );
}

#[test]
fn python_http_server_is_judged_fairly_when_its_connections_stay() {
    if !python_exists() {
        return;
    }
    let rows = [
        ("keep-alive", "✓"),
        ("keep-alive-reuse", "✓"),
        ("pipeline", "✓"),
        ("ten-pipelined", "✓"),
        ("close-at-limit", "✓"),
        ("idle-keep-alive-crowd", "✓"),
        // It refuses a POST and closes.
        ("unread-body-next", "≈"),
        // It compares the whole value of Connection, and does not know that it is a list.
        ("close-table", "✗"),
        // It knows neither POST nor chunks.
        ("chunked", "–"),
        ("chunked-next", "–"),
        ("trailers", "–"),
        ("length-plus", "–"),
    ];
    let words: Vec<&str> = ["--hold", "1", "--only"]
        .into_iter()
        .chain(rows.map(|(name, _)| name))
        .collect();
    let (text, code) = survey(
        "exec python3 -m http.server --protocol HTTP/1.1 --bind 127.0.0.1 {port}",
        &words,
    );
    assert_eq!(code, 1, "{text}");
    assert_signs(&text, &rows);
}

#[test]
fn wsgiref_is_judged_fairly() {
    if !python_exists() {
        return;
    }
    let (text, code) = survey("exec python3 hello_wsgi.py {port}", &["--hold", "1"]);
    assert_eq!(code, 1, "{text}");
    assert_signs(
        &text,
        &[
            ("hello", "✓"),
            ("connect-and-close", "✓"),
            ("reset-after-half-head", "✓"),
            // One client at a time, without a deadline: worse than our lesson 4, which waits.
            ("silent-client", "✗"),
            ("newest-first", "✗"),
            // How many clients it serves at a time is its own choice.
            ("many-silent-clients", "≈"),
            ("no-host", "✗"),
            // It answers every path alike, so it has no route.
            ("echo", "–"),
            ("streaming", "–"),
            ("restart", "✓"),
            ("idle-cpu", "✓"),
        ],
    );
}

/// Nobody tells the checker that the server is ours: it starts it like any other command.
fn our_own(package: &str, flags: &str, words: &[&str]) -> (String, i32) {
    let binary = check::workshop::binary(package).unwrap();
    let deadlines = "--head-timeout 0.4 --drain-timeout 0.4 --body-timeout 0.4 --write-timeout 0.4";
    let command = format!(
        "exec {} {deadlines} {flags} --addr 127.0.0.1:{{port}}",
        binary.display()
    );
    survey(
        &command,
        &[&["--hold", "3", "--through", package], words].concat(),
    )
}

#[test]
fn our_own_server_passes_through_its_own_lesson() {
    let (text, code) = our_own("lesson03", "", &[]);
    assert_eq!(code, 0, "{text}");
    assert_signs(
        &text,
        &[("hello", "✓"), ("silent-client", "◷"), ("panic", "✓")],
    );
    assert!(!text.contains("not applicable"), "{text}");
}

#[test]
fn our_own_pool_passes_through_its_own_lesson() {
    let (text, code) = our_own(
        "lesson07",
        "--queue 128 --keep-alive 1",
        &["--workers", "8"],
    );
    assert_eq!(code, 0, "{text}");
    assert_signs(
        &text,
        &[
            ("silent-client", "✓"),
            ("many-silent-clients", "◷"),
            ("idle-keep-alive-crowd", "◷"),
            ("keep-alive-reuse", "✓"),
            ("chunked-next", "✓"),
            ("panic-storm", "✓"),
            ("sigterm-under-load", "✓"),
            ("second-sigterm", "✓"),
            // Its queue is too long for five clients.
            ("queue-overflow", "–"),
        ],
    );
}
