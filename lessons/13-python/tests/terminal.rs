//! Somebody sits at the terminal and looks into a request.

use std::path::Path;
use std::process::Command;

use kit::needed;

/// What came of a breakpoint at a terminal.
fn at_a_terminal(words: &[&str]) -> String {
    let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps");
    let mut command = Command::new("python3");
    command.arg(apps.join("terminal.py"));
    command.args([env!("CARGO_BIN_EXE_lesson13"), "--addr", "127.0.0.1:0"]);
    command.arg("--chdir").arg(apps).args(words);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_breakpoint_stops_one_request_and_ctrl_c_still_stops_the_server() {
    if !needed::python() {
        return;
    }
    for words in [
        &["--threads", "1", "rules:app"][..],
        &["rules:app"],
        &["asgi_rules:app"],
    ] {
        assert_eq!(at_a_terminal(words), "changed by hand\n0\n", "{words:?}");
    }
}
