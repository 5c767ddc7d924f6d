//! What a conversation costs: request bytes in, response bytes out, all in memory.
//!
//! `cargo bench -p lesson07` prints the time for a request on a connection that stays, and the
//! allocations it made.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use check::typical::{BROWSER, CURL};
use divan::{AllocProfiler, Bencher, black_box};
use lesson02::{Connection, Settings};
use lesson03::{Bell, Deployment, Gateway, Pace, demo};
use lesson07::{Conversation, House, Papers, Rules, Step};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn house() -> House {
    let address = SocketAddr::from(([127, 0, 0, 1], 8888));
    let settings = Settings {
        quiet: true,
        ..Settings::default()
    };
    let deployment = Deployment::at(address, "bench");
    let gateway = Gateway::new(settings, Pace::default(), deployment);
    let rules = Rules {
        timeout: Duration::from_secs(5),
        requests_per_connection: usize::MAX,
        stop_timeout: Duration::from_secs(10),
        whole_bodies: true,
    };
    let stop = Arc::new(Bell::new().expect("a socket pair"));
    House::new(gateway, Arc::new(demo::hello), rules, stop)
}

#[divan::bench(args = ["curl", "browser"])]
fn a_request_on_a_connection_that_stays(bencher: Bencher, client: &str) {
    let bytes = if client == "curl" { CURL } else { BROWSER };
    let house = house();
    let now = Instant::now();
    let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let mut papers = Papers::new(house.gateway.settings.limits.head_bytes);
    let mut conversation = Conversation::new(peer, now, &house);
    let mut sent = 0;
    bencher.bench_local(|| {
        sent = 0;
        papers.desk.input.room()[..bytes.len()].copy_from_slice(black_box(bytes));
        papers.desk.input.grow(bytes.len());
        conversation.received(bytes.len(), &mut papers, now);
        loop {
            match conversation.step(&house, &mut papers, now) {
                Step::Receive(_) => break,
                Step::Work => {
                    conversation.work(&house, &mut papers, None::<&mut Connection>);
                }
                Step::Send(_) => {
                    sent += black_box(papers.unsent()).len();
                    papers.sent(papers.unsent().len());
                }
                Step::Upgrade(_) | Step::End(_) => unreachable!("it stays"),
            }
        }
    });
    assert!(sent > 100);
}
