//! WebSockets on greenlets: those of lesson 9, and those that are talked to in sequence.

use check::server::{Launch, Server};
use check::websocket::promises;

/// Where messages come back: from a handler, and from a conversation in sequence.
const PATHS: [&str; 2] = ["/ws/echo", "/ws/sequential"];

fn start() -> Server {
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson11"), "--quiet");
    launch.start(None).unwrap()
}

#[test]
fn every_probe_for_websocket_is_ok() {
    promises::every_probe_is_ok(start().address(), PATHS[0]);
}

#[test]
fn every_probe_for_websocket_is_ok_in_sequence_too() {
    promises::every_probe_is_ok(start().address(), PATHS[1]);
}

#[test]
fn at_a_stop_everybody_hears_1001_and_the_server_ends_when_they_have_left() {
    for path in PATHS {
        promises::everybody_hears_of_a_stop(&start(), path);
    }
}
