//! What the gateway costs: request bytes in, response bytes out, all in memory.
//!
//! `cargo bench -p lesson03` prints the time for a request and the allocations it made.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use divan::{AllocProfiler, Bencher, black_box};
use lesson02::{Clock, Limits, Scanner};
use lesson03::{
    Application, Deployment, Environ, Exchange, Inlet, Input, Intake, Pace, Response, Stamp,
    Transport, UntilClose, demo,
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

/// What curl sends.
const CURL: &[u8] = b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8888\r\nUser-Agent: curl/8.14.1\r\n\
    Accept: */*\r\n\r\n";

/// About what a browser sends.
const BROWSER: &[u8] = b"GET /?q=1 HTTP/1.1\r\nHost: 127.0.0.1:8888\r\nConnection: keep-alive\r\n\
    Cache-Control: max-age=0\r\nUpgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\n\
    Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\n\
    Sec-Fetch-Dest: document\r\nAccept-Encoding: gzip, deflate, br\r\n\
    Accept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef; theme=dark\r\n\r\n";

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

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sent.clear();
        self.sent.extend_from_slice(bytes);
        Ok(())
    }

    fn reset_on_close(&mut self, _on: bool) {}
}

#[divan::bench(args = ["curl", "browser"])]
fn parse(bencher: Bencher, client: &str) {
    let bytes = if client == "curl" { CURL } else { BROWSER };
    let limits = Limits::default();
    bencher.bench_local(|| {
        let extent = Scanner::default()
            .scan(black_box(bytes), &limits)
            .unwrap()
            .unwrap();
        lesson02::Head::parse(bytes, extent, &limits).unwrap().end()
    });
}

#[divan::bench(args = ["curl", "browser"])]
fn parse_environ_application_response(bencher: Bencher, client: &str) {
    let bytes = if client == "curl" { CURL } else { BROWSER };
    let limits = Limits::default();
    let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let deployment = Deployment::at(SocketAddr::from(([127, 0, 0, 1], 8888)), "bench");
    let app: &dyn Application = &demo::hello;
    let mut memory = Memory {
        sent: Vec::with_capacity(1024),
    };
    let mut output = Vec::with_capacity(1024);
    let mut clock = Clock::default();
    bencher.bench_local(|| {
        let extent = Scanner::default()
            .scan(black_box(bytes), &limits)
            .unwrap()
            .unwrap();
        let head = lesson02::Head::parse(bytes, extent, &limits).unwrap();
        let inlet = Inlet::new(&bytes[head.end()..], false, Pace::default());
        let (mut body, mut wire) = (Intake::new(inlet, 0), UntilClose);
        let response = Response::new(&mut output, &mut wire, false);
        let stamp = Stamp {
            date: clock.date(),
            software: "bench",
        };
        let exchange = Exchange::new(&mut memory, &mut body, response, stamp);
        let mut environ = Environ::new(
            head.request(bytes),
            peer,
            &deployment,
            Input::new(&exchange),
        );
        exchange.run(app, &mut environ).code
    });
    assert!(memory.sent.ends_with(b"Hello, World!"));
}
