//! WebSockets in tasks: those of lesson 9, on one thread and on several.

use check::server::{Launch, Server};
use check::websocket::promises;

fn start(flags: &str) -> Server {
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson12"), flags);
    launch.start(None).unwrap()
}

#[test]
fn every_probe_for_websocket_is_ok() {
    promises::every_probe_is_ok(start("--quiet").address(), "/ws/echo");
}

#[test]
fn every_probe_for_websocket_is_ok_on_several_threads() {
    promises::every_probe_is_ok(start("--quiet --threads 3").address(), "/ws/echo");
}

#[test]
fn at_a_stop_everybody_hears_1001_and_the_server_ends_when_they_have_left() {
    for flags in ["--quiet", "--quiet --threads 3"] {
        promises::everybody_hears_of_a_stop(&start(flags), "/ws/echo");
    }
}
