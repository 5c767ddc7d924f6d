//! A stop: everybody hears 1001, within the server's own time.

use std::time::{Duration, Instant};

use check::server::Server;
use kit::patience::until;

use crate::house::{Speaker, lesson};

fn stop(server: &Server) {
    server.processes().terminate();
}

#[track_caller]
fn exit_code(server: &Server) -> Option<i32> {
    until("the server has ended", || server.has_exited());
    server.exit_code()
}

#[test]
fn everybody_hears_1001_and_a_server_whose_clients_agree_ends_in_order() {
    let server = lesson("--stop-timeout 20");
    let mut sockets: Vec<_> = (0..20)
        .map(|_| Speaker::open(server.address(), "/ws/echo"))
        .collect();
    stop(&server);
    for socket in &mut sockets {
        let (first, payload) = socket.hear();
        assert_eq!((first, &payload[..2]), (0x88, &1001u16.to_be_bytes()[..]));
        assert_eq!(&payload[2..], b"Server is shutting down");
        socket.say(0x88, &payload);
        assert!(socket.client.wait_for_end().is_some());
    }
    assert_eq!(exit_code(&server), Some(0));
}

#[test]
fn clients_that_do_not_agree_hold_it_up_for_its_own_time_and_no_longer() {
    let server = lesson("--stop-timeout 2 --patience 3600");
    let mut silent = Speaker::open(server.address(), "/ws/echo");
    let begun = Instant::now();
    stop(&server);
    assert_eq!(silent.hear().0, 0x88);
    assert_eq!(exit_code(&server), Some(1));
    assert!(
        begun.elapsed() > Duration::from_secs(1),
        "they had their time"
    );
    assert!(silent.client.wait_for_end().is_some());
}

#[test]
fn a_second_signal_is_not_waited_for() {
    let server = lesson("--stop-timeout 3600 --patience 3600");
    let mut silent = Speaker::open(server.address(), "/ws/echo");
    stop(&server);
    assert_eq!(silent.hear().0, 0x88);
    stop(&server);
    assert_eq!(exit_code(&server), Some(1));
}
