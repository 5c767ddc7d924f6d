//! `run`, through an example that calls it: what it says, and where it listens.

use std::net::TcpListener;

use kit::needed;
use kit::patience::eventually;
use rustix::process::Signal;

use crate::running::Running;

#[test]
fn run_says_where_it_has_started_and_that_it_has_stopped() {
    let mut server = Running::example("run_demo", "--addr 127.0.0.1:0");
    let address = server.address();
    assert_ne!(address.port(), 0);
    assert_eq!(
        server.output(),
        format!("Server started at http://{address}\n")
    );
    assert_eq!(server.get("/").unwrap().text(), "Hello, World!");
    server.signal(Signal::INT);
    assert_eq!(server.exit().code(), Some(0));
    let all = format!("Server started at http://{address}\nServer stopped.\n");
    let complete = eventually(|| server.output() == all);
    assert!(complete, "{:?}", server.output());
}

#[test]
fn an_ipv6_host_makes_an_ipv6_server() {
    let has_ipv6 = TcpListener::bind("[::1]:0").is_ok();
    if !needed::or_skip(has_ipv6, "this machine has no IPv6") {
        return;
    }
    let server = Running::example("run_demo", "--addr [::1]:0");
    assert!(server.address().is_ipv6());
    assert!(
        server
            .output()
            .starts_with("Server started at http://[::1]:")
    );
    assert_eq!(server.get("/").unwrap().text(), "Hello, World!");
}
