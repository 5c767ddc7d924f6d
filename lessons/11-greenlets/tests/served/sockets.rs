//! WebSockets on greenlets: those of lesson 9, and those that are talked to in sequence.

use std::time::{Duration, Instant};

use check::client::{Client, GUARD};
use check::outcome::Verdict;
use check::server::{Launch, Server};
use check::transcript::Transcript;
use check::websocket::GROUP;
use check::world::World;

fn start(flags: &str) -> Server {
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson11"), flags);
    launch.start(None).unwrap()
}

fn every_probe_is_ok_at(path: &'static str) {
    let server = start("--quiet");
    for probe in GROUP.probes {
        let mut world = World::at(server.address());
        world.socket = path.to_owned();
        world.patience = Duration::from_secs(20);
        let verdict: Verdict = probe.run(&world);
        let said = world.transcript.lines(None).join("\n");
        assert_eq!(verdict, Ok(()), "{} {}\n{said}", path, probe.name);
    }
}

#[test]
fn every_probe_for_websocket_is_ok() {
    every_probe_is_ok_at("/ws/echo");
}

#[test]
fn every_probe_for_websocket_is_ok_in_sequence_too() {
    every_probe_is_ok_at("/ws/sequential");
}

/// A client that has switched, and how much it has heard so far.
fn switched(server: &Server, path: &str) -> (Client, usize) {
    let address = server.address();
    let mut client = Client::connect(1, address, GUARD, Transcript::default()).unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    client.send(head.as_bytes()).unwrap();
    let head = hear(&mut client, 0, |said| said.ends_with(b"\r\n\r\n"));
    assert!(head.starts_with(b"HTTP/1.1 101 "));
    (client, head.len())
}

/// What the server has said from there on, as soon as it is enough.
fn hear(client: &mut Client, from: usize, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let guard = Instant::now() + GUARD;
    while !is_enough(&client.received()[from..]) {
        assert!(client.wait_until(guard), "nothing more is said");
    }
    client.received()[from..].to_vec()
}

#[test]
fn at_a_stop_everybody_hears_1001_and_the_server_ends_when_they_have_left() {
    for path in ["/ws/echo", "/ws/sequential"] {
        let server = start("--quiet");
        let (mut client, heard) = switched(&server, path);
        let others: Vec<_> = (0..20).map(|_| switched(&server, path)).collect();
        server.processes().terminate();
        let close = hear(&mut client, heard, |said| said.len() >= 4);
        assert_eq!(close[0], 0x88, "{path}: a close frame");
        assert_eq!(close[2..4], 1001_u16.to_be_bytes(), "{path}");
        // The client agrees, and so do the others by leaving.
        let agreed = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];
        client.send(&agreed).unwrap();
        drop(others);
        let guard = Instant::now() + GUARD;
        while !server.has_exited() {
            assert!(Instant::now() < guard, "{path}: it never ended");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(server.exit_code(), Some(0), "{path}: {}", server.said());
    }
}
