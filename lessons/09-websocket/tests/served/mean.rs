//! Mean clients cost the others nothing.

use check::client::Client;
use kit::patience::until;

use crate::house::{ASKS, Speaker, ask, expect_hello, frame, get, lesson};

/// Sixty-four clients that mean no good, of four kinds, all of them still connected.
fn mean_clients(server: &check::server::Server) -> Vec<Client> {
    let at = server.address();
    let mut mean = Vec::new();
    for number in 0..64 {
        let mut client = Speaker::open(at, "/ws/echo").client;
        let bytes = match number % 4 {
            // Half a frame, and never the other half.
            0 => frame(0x82, &[0; 60_000])[..30_000].to_vec(),
            // A claim of as much as may be claimed, and a few bytes of it.
            1 => [&[0x82, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 0][..], &[0; 100]].concat(),
            // Pings, and nobody who reads the pongs.
            2 => frame(0x89, &[0; 125]).repeat(900),
            // A question with a long answer, and nobody who reads it.
            _ => frame(0x82, &[0; 1_000_000]),
        };
        client.send(&bytes).unwrap();
        mean.push(client);
    }
    mean
}

#[test]
fn sixty_four_mean_clients_cost_the_others_nothing() {
    let server = lesson("--threads 2");
    let at = server.address();
    let mean = mean_clients(&server);
    let mut good = Speaker::open(at, "/ws/echo");
    for number in 0..100 {
        good.say_text(&number.to_string());
        assert_eq!(good.hear_text(), number.to_string());
        if number % 10 == 0 {
            expect_hello(at);
        }
    }
    drop(mean);
}

#[test]
fn what_is_only_claimed_takes_no_memory() {
    let server = lesson("");
    let at = server.address();
    let memory = || server.processes().memory();
    let _first = Speaker::open(at, "/ws/echo");
    let before = memory();
    // A mebibyte each: a hundred of them, if anybody believed it.
    let claim = [0x82, 0xFF, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4, 0];
    let sockets: Vec<_> = (0..100)
        .map(|_| Speaker::open_with(at, "/ws/echo", "", &claim))
        .collect();
    expect_hello(at);
    let grown = memory().saturating_sub(before);
    assert!(
        grown < 30 * 1024,
        "{grown} KiB for {} claims",
        sockets.len()
    );
}

#[test]
fn a_flood_of_pings_ends_with_1008() {
    let server = lesson("");
    let mut speaker = Speaker::open(server.address(), "/ws/echo");
    let flood = frame(0x89, b"").repeat(5000);
    let _ = speaker.client.send(&flood);
    assert_eq!(speaker.hear_end(), 1008);
}

#[test]
fn whoever_vanishes_is_missed_and_whoever_says_half_a_frame_for_ever_is_not_waited_for() {
    let server = lesson("--ping 0.3 --patience 0.3");
    let mut silent = Speaker::open(server.address(), "/ws/echo");
    assert_eq!(silent.hear(), (0x89, Vec::new()));
    assert_eq!(silent.hear_end(), 1011);
    let half = frame(0x81, b"half");
    let mut half = Speaker::open_with(server.address(), "/ws/echo", "", &half[..7]);
    assert_eq!(half.hear_end(), 1011);
    let mut answering = Speaker::open(server.address(), "/ws/echo");
    for _ in 0..3 {
        assert_eq!(answering.hear(), (0x89, Vec::new()));
        answering.say(0x8A, b"");
    }
    answering.say_text("still here");
    let heard = loop {
        match answering.hear() {
            (0x89, _) => answering.say(0x8A, b""),
            other => break other,
        }
    };
    assert_eq!(heard, (0x81, b"still here".to_vec()));
}

#[test]
fn a_client_that_leaves_without_a_word_leaves_nothing_behind() {
    let server = lesson("");
    let at = server.address();
    let _one = Speaker::open(at, "/ws/echo");
    let before = server.processes().descriptors();
    for round in 0..50 {
        let speaker = Speaker::open(at, "/ws/chat");
        match round % 2 {
            0 => speaker.client.reset(),
            _ => speaker.client.leave(),
        }
    }
    until("all descriptors are given back", || {
        server.processes().descriptors() <= before
    });
}

#[test]
fn a_handshake_that_is_never_finished_holds_a_worker_no_longer_than_any_head() {
    let server = lesson("--threads 1 --head-timeout 0.5");
    let half = get("/ws/echo", ASKS);
    let _half = ask(server.address(), &half[..half.len() - 2]);
    let mut speaker = Speaker::open(server.address(), "/ws/echo");
    speaker.say_text("at last");
    assert_eq!(speaker.hear_text(), "at last");
}
