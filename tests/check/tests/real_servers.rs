//! The checker against servers that people use. It takes minutes, and servers that are not part of
//! the course, so it asks to be asked: `REAL_SERVERS=1 cargo test -p check --test real_servers`.
//! A server that is not on the PATH is skipped, aloud.

use std::path::Path;
use std::process::Command;

use kit::needed;
use serde_json::Value;

/// Checks what the command starts. Every run ends, no probe breaks or is unfinished, and the only
/// faults that count are those that whoever knows the server and the RFC would name, too.
fn judge(program: &str, command: &str, faults: &[&str]) {
    if std::env::var_os("REAL_SERVERS").is_none() {
        return needed::say_skipped(&format!("{program}: REAL_SERVERS is not set"));
    }
    if !needed::program(program) {
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_web-server-check"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/real"))
        .args(["--json", "--run", command])
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["complete"], true);
    let mut seen = 0;
    for probe in document["probes"].as_array().unwrap() {
        let name = probe["name"].as_str().unwrap();
        let words = probe["finding"].as_str().unwrap_or_default();
        assert_ne!(probe["standing"], "broken", "{name}: {words}");
        assert!(!words.starts_with("unfinished"), "{name}: {words}");
        assert!(!words.contains("panicked"), "{name}: {words}");
        if probe["counts"] == true {
            assert!(
                faults.contains(&name),
                "{program}: a new must: {name}: {words}"
            );
        }
        seen += usize::from(probe["standing"] == "ok");
    }
    assert!(seen > 30, "{program}: only {seen} are ok");
}

#[test]
fn node_is_judged_fairly() {
    // It takes any Host, and a Transfer-Encoding that does not end with chunked.
    let faults = ["two-hosts", "bad-host", "coding-unknown"];
    judge("node", "exec node node.js {port}", &faults);
}

#[test]
fn gunicorn_is_judged_fairly() {
    // It leaves the host to the application.
    let faults = ["no-host", "two-hosts", "bad-host", "absolute-form-host"];
    let command = "exec gunicorn -w 4 -b 127.0.0.1:{port} wsgi_app:app";
    judge("gunicorn", command, &faults);
}

#[test]
fn waitress_is_judged_fairly() {
    // It compares the whole value of Connection, keeps the connection after a request with two
    // lengths, and leaves the host to the application.
    let faults = [
        "no-host",
        "two-hosts",
        "bad-host",
        "absolute-form-host",
        "connection-list",
        "close-table",
        "length-and-chunked",
    ];
    let command = "exec waitress-serve --listen=127.0.0.1:{port} wsgi_app:app";
    judge("waitress-serve", command, &faults);
}

#[test]
fn uvicorn_is_judged_fairly() {
    // Its refusals have no Date, a whole URL is a path to it, and h11 or httptools take any Host.
    let faults = ["refusal", "absolute-form", "bad-host", "length-and-chunked"];
    judge(
        "uvicorn",
        "exec uvicorn --port {port} asgi_app:app",
        &faults,
    );
}

#[test]
fn hypercorn_is_judged_fairly() {
    let faults = ["absolute-form", "bad-host", "length-and-chunked"];
    judge(
        "hypercorn",
        "exec hypercorn -b 127.0.0.1:{port} asgi_app:app",
        &faults,
    );
}

#[test]
fn nginx_has_no_fault_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let command = format!("exec sh nginx.sh {{port}} {}", folder.path().display());
    judge("nginx", &command, &[]);
}
