//! What a quiet connection costs: memory, and nothing else.

use check::client::{Client, GUARD};
use check::server::{Launch, Server};
use check::transcript::Transcript;

/// So many clients that have asked once and keep their connections.
fn crowd(server: &Server, count: u32) -> Vec<Client> {
    let ask = |number| {
        let transcript = Transcript::default();
        let mut client = Client::connect(number, server.address(), GUARD, transcript).unwrap();
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert_eq!(client.answer().unwrap().status, 200);
        client
    };
    (0..count).map(ask).collect()
}

#[test]
fn a_quiet_connection_costs_a_task_and_no_stack() {
    const MANY: u32 = 600;
    const MOST: u64 = 4 * 1024;
    let launch = Launch::lesson(
        env!("CARGO_BIN_EXE_lesson12"),
        "--quiet --keep-alive 3600 --connections 900",
    );
    let server = launch.start(None).unwrap();
    // What there is once for all of them is there behind the first of them.
    let first = crowd(&server, 100);
    let before = server.processes().memory();
    let many = crowd(&server, MANY);
    let kibibytes = server.processes().memory().saturating_sub(before);
    let each = kibibytes * 1024 / u64::from(MANY);
    assert!(each <= MOST, "a quiet connection costs {each} bytes");
    assert!(
        server.processes().threads() <= THREADS,
        "they have no threads"
    );
    drop((first, many));
}

/// The runtime's one, and a few of the kitchen's, which served each of them in its turn.
const THREADS: usize = 8;
