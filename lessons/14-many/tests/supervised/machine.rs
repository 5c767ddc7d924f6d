//! What a balancer in front has to do with.

use kit::patience::until;
use rustix::process::Signal;

use crate::supervised::{get, reload, signal, start, workers};

#[test]
fn a_machine_that_drains_says_so_and_serves_on_until_it_is_taken_back() {
    let server = start("--workers 2");
    let health = || get(server.address(), "/health", "").unwrap();
    assert_eq!(health(), (200, "well\n".to_owned()));
    signal(server.id(), Signal::USR2);
    until("it drains", || health().0 == 503);
    // Each worker has been told.
    for _ in 0..20 {
        until("all of it", || health() == (503, "draining\n".to_owned()));
    }
    assert_eq!(get(server.address(), "/", "").unwrap().0, 200);
    reload(&server);
    assert_eq!(health().0, 200);
}

#[test]
fn at_a_stop_the_balancer_hears_it_while_everybody_is_still_served() {
    let server = start("--workers 1 --drain 3600");
    signal(server.id(), Signal::TERM);
    until("it drains", || {
        get(server.address(), "/health", "").unwrap().0 == 503
    });
    assert_eq!(get(server.address(), "/", "").unwrap().0, 200);
    assert_eq!(workers(&server).len(), 1);
    // Who does not want to wait asks again.
    signal(server.id(), Signal::TERM);
    until("it ends", || server.has_exited());
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn the_client_is_whom_a_trusted_balancer_names_and_nobody_else_is_believed() {
    let field = "X-Forwarded-For: 10.1.1.1, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\
                 Forwarded: for=10.2.2.2\r\n";
    let environ = |flags: &str| {
        let server = start(&format!("--workers 1 {flags}"));
        get(server.address(), "/environ", field).unwrap().1
    };
    let stranger = environ("--trust 127.0.0.2");
    assert!(
        stranger.contains("127.0.0.1") && !stranger.contains("192.0.2.7"),
        "{stranger}"
    );
    assert!(!stranger.contains("10."), "{stranger}");
    assert!(stranger.contains("wsgi.multiprocess = True"), "{stranger}");
    let trusted = environ("--trust 127.0.0.0/8");
    assert!(
        trusted.contains("192.0.2.7") && trusted.contains("https"),
        "{trusted}"
    );
    assert!(
        !trusted.contains("10."),
        "a lie that stood before it: {trusted}"
    );
    let standard = environ("--trust 127.0.0.1 --forwarded");
    assert!(
        standard.contains("10.2.2.2") && !standard.contains("192.0.2.7"),
        "{standard}"
    );
}

#[test]
fn a_peer_that_is_no_address_is_an_error_before_anybody_listens() {
    let binary = env!("CARGO_BIN_EXE_lesson14");
    let output = std::process::Command::new(binary)
        .args(["--addr", "127.0.0.1:0", "--trust", "balancer"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("--trust takes an address or a network"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}
