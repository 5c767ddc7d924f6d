//! The probes for WebSocket, against the real binary, and over a worker each: the same sockets.

use check::server::Launch;
use check::websocket::promises;

#[test]
fn every_probe_for_websocket_is_ok() {
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson09"), "--quiet --threads 4");
    let server = launch.start(None).unwrap();
    promises::every_probe_is_ok(server.address(), "/ws/echo");
}
