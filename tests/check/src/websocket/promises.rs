//! What every lesson promises its sockets, however it waits.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::GROUP;
use crate::client::{Client, GUARD};
use crate::server::Server;
use crate::transcript::Transcript;
use crate::world::World;

/// Asserts that a server passes every probe for WebSocket at a path where it sends messages back.
pub fn every_probe_is_ok(address: SocketAddr, path: &str) {
    for probe in GROUP.probes {
        let mut world = World::at(address);
        world.patience = GUARD;
        world.socket = path.to_owned();
        let verdict = probe.run(&world);
        let said = world.transcript.lines(None).join("\n");
        assert_eq!(verdict, Ok(()), "{path} {}\n{said}", probe.name);
    }
}

/// A client that has switched, and how much it has heard so far.
pub fn switched(address: SocketAddr, path: &str) -> (Client, usize) {
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
pub fn hear(client: &mut Client, from: usize, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let guard = Instant::now() + GUARD;
    while !is_enough(&client.received()[from..]) {
        assert!(client.wait_until(guard), "nothing more is said");
    }
    client.received()[from..].to_vec()
}

/// Asserts that at a stop everybody hears 1001, and that the server ends when they have left.
pub fn everybody_hears_of_a_stop(server: &Server, path: &str) {
    let address = server.address();
    let (mut client, heard) = switched(address, path);
    let others: Vec<_> = (0..20).map(|_| switched(address, path)).collect();
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
