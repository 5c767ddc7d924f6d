//! The probes for WebSocket, against servers that are not ours, where they are installed.

use std::path::Path;

use crate::command::check;
use kit::needed;

/// Python's `websockets`.
const PYTHON: &str = r#"
import asyncio, sys
from websockets.asyncio.server import serve
async def echo(socket):
    async for message in socket:
        await socket.send(message)
async def main():
    async with serve(echo, "127.0.0.1", int(sys.argv[1]), compression=None) as server:
        await server.serve_forever()
asyncio.run(main())
"#;

/// Node's `ws`.
const NODE: &str = r#"
const { WebSocketServer } = require('ws');
const server = new WebSocketServer({ host: '127.0.0.1', port: +process.argv[2], maxPayload: 1 << 20 });
server.on('connection', socket => {
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
});
"#;

/// Whether this command succeeds; if it does not, the test is skipped.
fn is_there(what: &str, program: &str, words: &[&str], install: &str) -> bool {
    needed::or_skip(
        needed::ends_well(program, words),
        &format!("{what} is absent: {install}"),
    )
}

/// The python that has the package: one that `CHECK_PYTHON` names, or the one of the system.
fn python() -> String {
    std::env::var("CHECK_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn run(program: &str, folder: &Path, name: &str, text: &str) -> (String, i32) {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    let run = format!("exec {program} {} {{port}}", file.display());
    check(&["--websocket=/", "--run", &run, "--patience", "10"])
}

/// The names of the probes that failed.
fn failed(text: &str) -> Vec<&str> {
    let failed = text.lines().filter_map(|line| line.strip_prefix("✗ ws-"));
    let mut failed: Vec<&str> = failed
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    failed.sort();
    failed.dedup();
    failed
}

#[test]
fn pythons_websockets_passes_but_for_two_points_of_its_handshake() {
    let python = python();
    let import = "import websockets.asyncio.server";
    if !is_there(
        "Python's websockets",
        &python,
        &["-c", import],
        "pip install websockets",
    ) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (text, code) = run(&python, folder.path(), "echo.py", PYTHON);
    assert_eq!(code, 1, "{text}");
    assert_eq!(failed(&text), ["no-host", "version-12"], "{text}");
}

#[test]
fn nodes_ws_passes_but_for_three_points_of_its_handshake() {
    if !is_there(
        "Node's ws",
        "node",
        &["-e", "require('ws')"],
        "npm install ws",
    ) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (text, code) = run("node", folder.path(), "echo.cjs", NODE);
    assert_eq!(code, 1, "{text}");
    assert_eq!(
        failed(&text),
        ["http-1.0", "no-host", "subprotocol"],
        "{text}"
    );
}

#[test]
fn a_server_that_speaks_no_websocket_passes_none_of_the_messages() {
    if !needed::program("python3") {
        return;
    }
    let run = "exec python3 -m http.server --bind 127.0.0.1 {port}";
    let (text, code) = check(&["--websocket=/", "--run", run, "--only", "ws-text"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("✗ ws-text") && text.contains("wanted 101, got 200"),
        "{text}"
    );
}
