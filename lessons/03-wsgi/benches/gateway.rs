//! What the gateway costs: request bytes in, response bytes out, all in memory.
//!
//! `cargo bench -p lesson03` prints the time for a request and the allocations it made.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use check::typical::{BROWSER, CURL};
use divan::{AllocProfiler, Bencher, black_box};
use lesson02::{Desk, Head, Limits, Scanner, Settings};
use lesson03::{
    Application, Behind, Deployment, Gateway, Length, Pace, Transport, UntilClose, Visit, demo,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A connection that is only memory.
struct Memory {
    sent: Vec<u8>,
}

impl Transport for Memory {
    fn read(&mut self, _into: &mut [u8], _deadline: Instant) -> io::Result<usize> {
        Ok(0)
    }

    fn send(&mut self, bytes: &[u8], _behind: Behind) -> io::Result<()> {
        self.sent.clear();
        self.sent.extend_from_slice(bytes);
        Ok(())
    }

    fn sent(&self) -> u64 {
        0
    }
}

fn bytes(client: &str) -> &'static [u8] {
    match client {
        "curl" => CURL,
        _ => BROWSER,
    }
}

#[divan::bench(args = ["curl", "browser"])]
fn parse(bencher: Bencher, client: &str) {
    let (bytes, limits, mut head) = (bytes(client), Limits::default(), Head::default());
    bencher.bench_local(|| {
        let mut scanner = Scanner::default();
        let extent = scanner.scan(black_box(bytes), &limits).unwrap().unwrap();
        head.parse_into(bytes, extent, &limits).unwrap();
        head.end()
    });
}

#[divan::bench(args = ["curl", "browser"])]
fn parse_environ_application_response(bencher: Bencher, client: &str) {
    let (bytes, limits) = (bytes(client), Limits::default());
    let deployment = Deployment::at(SocketAddr::from(([127, 0, 0, 1], 8888)), "bench");
    let gateway = Gateway::new(Settings::default(), Pace::default(), deployment);
    let visit = Visit {
        deployment: &gateway.deployment,
        peer: SocketAddr::from(([127, 0, 0, 1], 50_000)),
        session: None,
        policy: &UntilClose,
    };
    let app: &dyn Application = &demo::hello;
    let mut memory = Memory {
        sent: Vec::with_capacity(1024),
    };
    let mut desk = Desk::default();
    bencher.bench_local(|| {
        desk.input.reset(limits.head_bytes);
        desk.input.room()[..bytes.len()].copy_from_slice(black_box(bytes));
        desk.input.grow(bytes.len());
        let mut scanner = Scanner::default();
        let received = desk.input.received();
        let extent = scanner.scan(received, &limits).unwrap().unwrap();
        desk.head.parse_into(received, extent, &limits).unwrap();
        let mut exchange = gateway.exchange(Length(0), UntilClose, &desk);
        exchange.run(app, &visit, &mut desk, &mut memory).code
    });
    assert!(memory.sent.ends_with(b"Hello, World!"));
}
