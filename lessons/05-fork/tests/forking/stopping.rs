//! The end: told once, told twice, and with somebody who does not want to leave.

use std::collections::HashMap;
use std::io::Read;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use kit::patience::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::running::{GUARD, Running, answer, exists, is_whole, most_at_a_time, send};

#[test]
fn told_to_stop_under_load_it_gives_every_accepted_request_its_whole_answer() {
    let server = Running::lesson("");
    let address = server.address;
    let stopped = AtomicBool::new(false);
    let (answers, code, said) = thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut answers = HashMap::new();
                    while !stopped.load(Ordering::SeqCst) {
                        let Ok(mut client) = TcpStream::connect(address) else {
                            break;
                        };
                        client.set_read_timeout(Some(GUARD)).unwrap();
                        let port = client.local_addr().unwrap().port();
                        send(&mut client, "/stream?n=3&ms=20");
                        let mut bytes = Vec::new();
                        // A client that nobody accepted is reset, before it got a byte.
                        let _ = client.read_to_end(&mut bytes);
                        answers.insert(port, String::from_utf8(bytes).unwrap());
                    }
                    answers
                })
            })
            .collect();
        until("some load", || {
            server.said().matches(": serves ").count() > 40
        });
        server.signal(Signal::SIGTERM);
        let (code, said) = server.end();
        stopped.store(true, Ordering::SeqCst);
        let mut answers = HashMap::new();
        for worker in workers {
            answers.extend(worker.join().unwrap());
        }
        (answers, code, said)
    });
    assert_eq!(code, Some(0), "{said}");
    let accepted: Vec<u16> = said
        .lines()
        .filter_map(|line| line.split_once(": serves 127.0.0.1:"))
        .map(|(_, port)| port.parse().unwrap())
        .collect();
    assert!(accepted.len() > 40);
    for port in &accepted {
        assert!(is_whole(&answers[port]), "{:?}", answers[port]);
    }
    for (port, answer) in &answers {
        assert!(answer.is_empty() || accepted.contains(port), "{answer:?}");
    }
    assert!(said.ends_with("stopped\n"), "{said}");
}

#[test]
fn the_clients_that_the_kernel_has_accepted_are_served_before_the_end() {
    let server = Running::lesson("");
    server.hold_still();
    let clients: Vec<_> = (0..10).map(|_| server.ask("/stream?n=3&ms=1")).collect();
    server.signal(Signal::SIGTERM);
    server.signal(Signal::SIGCONT);
    for client in clients {
        assert!(is_whole(&answer(client)));
    }
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn the_cap_on_children_holds_while_the_server_stops() {
    let server = Running::lesson("--max-children 2");
    server.hold_still();
    let clients: Vec<_> = (0..8).map(|_| server.ask("/sleep?ms=50")).collect();
    server.signal(Signal::SIGTERM);
    server.signal(Signal::SIGCONT);
    let answers: Vec<_> = clients.into_iter().map(answer).collect();
    assert!(most_at_a_time(&answers) <= 2, "{answers:?}");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn after_one_ctrl_c_a_client_may_still_ask_although_its_child_received_it_too() {
    let server = Running::lesson("--head-timeout 100 --stop-timeout 100");
    let mut client = server.connect();
    until("its child", || server.children().len() == 1);
    server.ctrl_c();
    server.wait_until_it_said("stopping; connections: 1");
    send(&mut client, "/stream?n=3&ms=1");
    assert!(is_whole(&answer(client)));
    let (code, said) = server.end();
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn clients_that_have_said_nothing_neither_hold_up_a_stop_nor_spoil_it() {
    let server = Running::lesson("--head-timeout 3600 --stop-timeout 600");
    let silent: Vec<_> = (0..5).map(|_| server.connect()).collect();
    until("their children", || server.children().len() == 5);
    server.signal(Signal::SIGTERM);
    // The guard is shorter than the server's patience, and than that of its children.
    let (code, said) = server.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("stopping; connections: 5;"), "{said}");
    let log = said.lines().filter(|line| !line.contains(": serves "));
    assert_eq!(log.count(), 3, "nobody has asked for anything: {said}");
    for mut client in silent {
        assert_eq!(client.read(&mut [0]).unwrap(), 0, "an orderly end");
    }
}

#[test]
fn silent_clients_that_wait_for_room_share_one_last_moment() {
    let server = Running::lesson("--max-children 1 --head-timeout 3600 --stop-timeout 8");
    let silent: Vec<_> = (0..20).map(|_| server.connect()).collect();
    until("the first one's child", || server.children().len() == 1);
    server.signal(Signal::SIGTERM);
    // A second for each of them would be too much.
    let (code, said) = server.end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches(": serves ").count(), 20, "{said}");
    drop(silent);
}

#[test]
fn a_second_ctrl_c_is_quick_and_no_child_survives() {
    let server = Running::lesson("--stop-timeout 1000");
    let slow: Vec<_> = (0..5).map(|_| server.ask("/sleep?ms=60000")).collect();
    until("their children", || server.children().len() == 5);
    let children = server.children();
    server.ctrl_c();
    server.wait_until_it_said("stopping; connections: 5");
    assert_eq!(server.children().len(), 5, "the first one ends nobody");
    server.ctrl_c();
    // Both the guard and the requests' own time are shorter than the server's patience.
    let (code, said) = server.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(children.iter().all(|(child, _)| !exists(*child)));
    assert_eq!(said.matches("was ended by SIG").count(), 5, "{said}");
    for client in slow {
        assert_eq!(answer(client), "");
    }
}

#[test]
fn a_child_that_is_lost_during_a_stop_is_told_by_the_exit_code() {
    let server = Running::lesson("--stop-timeout 1000");
    let slow = server.ask("/sleep?ms=60000");
    until("its child", || server.children().len() == 1);
    let child = server.children()[0].0;
    server.signal(Signal::SIGTERM);
    server.wait_until_it_said("stopping; connections: 1");
    kill(Pid::from_raw(child), Signal::SIGTERM).unwrap();
    let (code, said) = server.end();
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(answer(slow), "");
}

#[test]
fn a_second_ctrl_c_is_quick_when_clients_wait_for_room_too() {
    let server = Running::lesson("--max-children 1 --stop-timeout 1000");
    let slow: Vec<_> = (0..4).map(|_| server.ask("/sleep?ms=60000")).collect();
    until("the first one's child", || server.children().len() == 1);
    server.ctrl_c();
    server.wait_until_it_said("stopping; connections: 1");
    server.ctrl_c();
    assert_eq!(server.end().0, Some(1));
    for client in slow {
        assert_eq!(answer(client), "");
    }
}

#[test]
fn after_its_time_a_stop_is_forced() {
    let server = Running::lesson("--stop-timeout 0.2");
    let slow = server.ask("/sleep?ms=60000");
    until("its child", || server.children().len() == 1);
    let child = server.children()[0].0;
    server.signal(Signal::SIGTERM);
    let (code, said) = server.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(!exists(child));
    assert_eq!(answer(slow), "");
}

#[test]
fn an_idle_server_ends_at_once_and_well() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server = Running::lesson("");
        server.signal(signal);
        let (code, said) = server.end();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.ends_with("stopped\n"), "{said}");
    }
}
