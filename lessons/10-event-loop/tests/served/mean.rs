//! Clients that mean no good, many of them at once.

use check::client::Client;

use crate::house::{Lesson, expect, get};

const HALF: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nX-Endless: ";

#[test]
fn sixty_four_mean_clients_who_never_leave_cost_the_others_nothing() {
    let flags = "--head-timeout 3600 --write-timeout 3600 --body-timeout 3600";
    let lesson = Lesson::start(flags);
    let body = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n";
    let deaf = get("/stream?n=10000000&ms=0", "");
    let mut mean: Vec<Client> = (0..64)
        .map(|number| match number % 4 {
            0 => lesson.ask(b""),
            1 => lesson.ask(HALF),
            2 => lesson.ask(body),
            _ => lesson.ask(&deaf),
        })
        .collect();
    for _ in 0..20 {
        for client in mean.iter_mut().filter(|client| !client.has_news()) {
            let _ = client.send(b"x"); // It drips.
        }
        lesson.expect_hello();
    }
    let gone = mean.iter_mut().filter(|client| client.is_cut_off()).count();
    assert_eq!(gone, 0, "they are all still there");
}

#[test]
fn each_of_them_is_dropped_when_its_time_is_up_and_no_alarm_is_forgotten() {
    let lesson = Lesson::start("--head-timeout 0.3 --drain-timeout 0.1 --keep-alive 0.3");
    let mut silent = lesson.ask(b"");
    let mut half = lesson.ask(HALF);
    let mut quiet = lesson.ask(get("/", ""));
    expect(&mut quiet, 200);
    assert!(silent.wait_for_end().is_some() && silent.received().is_empty());
    assert!(expect(&mut half, 408).says_close());
    assert!(quiet.wait_for_end().is_some());
}

#[test]
fn a_client_that_leaves_at_any_moment_harms_nobody() {
    for flags in ["", "--workers 2"] {
        let lesson = Lesson::start(flags);
        lesson.expect_hello();
        let before = lesson.processes().descriptors();
        let whole = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\
            2\r\nhi\r\n0\r\n\r\n";
        for cut in 0..=whole.len() {
            lesson.ask(&whole[..cut]).reset();
            lesson.ask(&whole[..cut]).leave();
        }
        lesson.expect_hello();
        kit::patience::until("everybody has left", || {
            lesson.processes().descriptors() <= before
        });
    }
}
