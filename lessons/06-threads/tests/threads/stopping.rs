//! The end: what was begun is finished, unless somebody is in a hurry.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use check::client::Client;
use check::client::{End, GUARD, NoAnswer};
use check::transcript::Transcript;
use kit::patience::eventually;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};

use crate::running::{Running, ask};

#[test]
fn sigterm_under_load_cuts_no_answer_short_and_ends_with_zero() {
    let mut server = Running::lesson("--quiet");
    let mut sleepers: Vec<_> = (0..20).map(|_| server.ask("/sleep?ms=1500")).collect();
    let mut streams: Vec<_> = (0..5).map(|_| server.ask("/stream?n=20&ms=50")).collect();
    assert!(eventually(|| server.threads() == 26));
    let stop = AtomicBool::new(false);
    let address = server.address();
    thread::scope(|scope| {
        // Others come and go all the time. Some find nobody any more; none gets half an answer.
        let load: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut served = 0;
                    while !stop.load(Ordering::SeqCst) {
                        let client = Client::connect(1, address, GUARD, Transcript::default());
                        let Ok(mut client) = client else { break };
                        let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
                        let sent = client.send(request);
                        match client.answer() {
                            Ok(answer) => {
                                assert_eq!(answer.text(), "Hello, World!");
                                served += 1;
                            }
                            Err(reason) => {
                                assert!(client.received().is_empty(), "{reason:?}, {sent:?}");
                                break;
                            }
                        }
                    }
                    served
                })
            })
            .collect();
        server.signal(Signal::TERM);
        for sleeper in &mut sleepers {
            assert_eq!(sleeper.answer().unwrap().status, 200);
        }
        for stream in &mut streams {
            assert_eq!(stream.answer().unwrap().text().lines().count(), 20);
        }
        stop.store(true, Ordering::SeqCst);
        load.into_iter().for_each(|thread| {
            thread.join().unwrap();
        });
    });
    assert_eq!(server.exit().code(), Some(0));
    assert!(server.says("; once more to stop"));
    assert!(server.says("\nstopped\n"));
}

#[test]
fn a_client_that_was_accepted_may_still_ask_and_a_new_one_finds_nobody() {
    let mut server = Running::lesson("--quiet");
    let mut early = server.connect();
    assert!(eventually(|| server.threads() == 2));
    server.signal(Signal::TERM);
    assert!(server.says("stopping; connections: 1;"));
    ask(&mut early, "/sleep?ms=5000");
    let nobody = || TcpStream::connect(server.address()).is_err();
    assert!(eventually(nobody), "it still accepts");
    assert!(!early.is_answered(), "it has not ended yet");
    assert_eq!(early.answer().unwrap().status, 200);
    assert_eq!(server.exit().code(), Some(0));
}

#[test]
fn clients_that_have_said_nothing_neither_hold_up_a_stop_nor_spoil_it() {
    let mut server = Running::lesson("--head-timeout 3600 --stop-timeout 600");
    let mut silent: Vec<_> = (0..5).map(|_| server.connect()).collect();
    assert!(eventually(|| server.threads() == 6));
    server.signal(Signal::TERM);
    // The guard is shorter than the server's patience, and than that of its threads.
    assert_eq!(server.exit().code(), Some(0));
    assert!(server.says("stopping; connections: 5;"));
    assert!(server.says("\nstopped\n"));
    assert!(!server.said().contains("] 127.0.0.1"), "nobody has asked");
    for client in &mut silent {
        assert_eq!(client.wait_for_end(), Some(End::Closed));
    }
}

#[test]
fn silent_clients_that_wait_for_room_share_one_last_moment() {
    let mut server = Running::lesson("--max-threads 1 --head-timeout 3600 --stop-timeout 8");
    let mut silent: Vec<_> = (0..20).map(|_| server.connect()).collect();
    assert!(eventually(|| server.threads() == 2));
    server.signal(Signal::TERM);
    // A second for each of them would be too much.
    assert_eq!(server.exit().code(), Some(0));
    for client in &mut silent {
        assert_eq!(client.wait_for_end(), Some(End::Closed));
    }
}

#[test]
fn clients_in_the_backlog_are_served_before_the_end() {
    let mut server = Running::lesson("--quiet --max-threads 1");
    let mut first = server.ask("/sleep?ms=1000");
    assert!(eventually(|| server.threads() == 2));
    let mut waiting: Vec<_> = (0..10).map(|_| server.ask("/")).collect();
    server.signal(Signal::TERM);
    for client in &mut waiting {
        assert_eq!(client.answer().unwrap().text(), "Hello, World!");
        assert!(server.threads() <= 2, "the bound holds to the end");
    }
    assert_eq!(first.answer().unwrap().status, 200);
    assert_eq!(server.exit().code(), Some(0));
}

#[test]
fn out_of_descriptors_a_stop_still_serves_the_backlog() {
    let mut server = Running::lesson("--quiet");
    // Room for about one more: fewer than there are clients.
    let most = server.descriptors() as u64 + 1;
    let pid = Pid::from_raw(server.pid() as i32);
    let limit = Rlimit {
        current: Some(most),
        ..getrlimit(Resource::Nofile)
    };
    prlimit(pid, Resource::Nofile, limit).unwrap();
    let mut clients: Vec<_> = (0..12).map(|_| server.ask("/sleep?ms=200")).collect();
    assert!(eventually(|| server.says("accept: ")));
    server.signal(Signal::TERM);
    for client in &mut clients {
        assert_eq!(client.answer().unwrap().status, 200);
    }
    assert_eq!(server.exit().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once_and_the_exit_code_says_so() {
    for signals in [
        [Signal::TERM, Signal::TERM],
        [Signal::INT, Signal::INT],
        [Signal::TERM, Signal::INT],
    ] {
        let mut server = Running::lesson("--quiet --stop-timeout 3600");
        let mut sleeper = server.ask("/sleep?ms=60000");
        assert!(eventually(|| server.threads() == 2));
        server.signal(signals[0]);
        assert!(server.says("stopping; "));
        assert!(server.is_alive());
        server.signal(signals[1]);
        assert_eq!(server.exit().code(), Some(1), "{signals:?}");
        assert!(matches!(sleeper.answer(), Err(NoAnswer::Ended(_))));
    }
}

#[test]
fn a_request_that_takes_too_long_is_given_up_after_the_stop_timeout() {
    let mut server = Running::lesson("--quiet --stop-timeout 0.2");
    let _sleeper = server.ask("/sleep?ms=60000");
    assert!(eventually(|| server.threads() == 2));
    server.signal(Signal::TERM);
    assert_eq!(server.exit().code(), Some(1));
}

#[test]
fn daemon_threads_are_not_waited_for() {
    let mut server = Running::lesson("--quiet --daemon-threads --stop-timeout 3600");
    let mut sleeper = server.ask("/sleep?ms=60000");
    assert!(eventually(|| server.threads() == 2));
    server.signal(Signal::TERM);
    assert_eq!(server.exit().code(), Some(0));
    assert!(matches!(sleeper.answer(), Err(NoAnswer::Ended(_))));
}

#[test]
fn a_server_at_its_bound_can_be_stopped() {
    let mut server = Running::lesson("--quiet --max-threads 1 --head-timeout 0.5");
    let _silent = server.connect();
    assert!(eventually(|| server.threads() == 2));
    server.signal(Signal::INT);
    assert_eq!(server.exit().code(), Some(0));
}

#[test]
fn a_server_with_nothing_to_do_ends_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Running::lesson("");
        server.signal(signal);
        assert_eq!(server.exit().code(), Some(0));
        assert!(server.says("stopping; connections: 0"));
    }
}
