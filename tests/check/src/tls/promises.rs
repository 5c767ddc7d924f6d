//! What every lesson promises behind TLS, however it waits.

use std::net::SocketAddr;
use std::time::Duration;

use super::client::{TlsClient, TlsEnd};
use super::probes::GROUP;
use super::still_answers;
use crate::client::GUARD;
use crate::world::World;

/// Asserts that a server whose heads have a second to come passes every probe for TLS.
pub fn every_probe_is_ok(address: SocketAddr) {
    for probe in GROUP.probes {
        let mut world = World::at(address);
        world.asks = Some(still_answers);
        world.hold = Duration::from_secs(10);
        let verdict = probe.run(&world);
        let said = world.transcript.lines(None).join("\n");
        assert_eq!(verdict, Ok(()), "{}\n{said}", probe.name);
    }
}

/// Asserts that whole records are served though no descriptor tells of what lies in them, and that
/// bodies longer than a record go both ways. `/echo` sends back what comes.
pub fn records_are_no_borders(address: SocketAddr) {
    let mut world = World::at(address);
    world.patience = GUARD;
    let mut client = TlsClient::connect(&world).unwrap();
    // One record, and nothing else comes: after the first, all of them lie in memory.
    let questions = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20);
    client.send(questions).unwrap();
    for _ in 0..20 {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    for length in [1, 16_383, 16_384, 16_385, 70_000, 1 << 20] {
        let body: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        client.send([head.as_bytes(), &body].concat()).unwrap();
        let answer = client.answer().unwrap();
        assert!(answer.body == body, "{length} bytes: {}", answer.status);
    }
    client
        .send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert_eq!(client.answer().unwrap().status, 200);
    assert_eq!(client.end(), Some(TlsEnd::Goodbye));
}
