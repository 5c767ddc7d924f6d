//! The planted failures of the chapter, each failing in its own way.

use std::time::Duration;

use check::client::{Client, NoAnswer};
use check::server::{Launch, Server};
use check::transcript::Transcript;
use check::workshop;
use kit::patience::until;

const QUESTION: &str = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// So long nothing happens where something should.
const PATIENCE: Duration = Duration::from_secs(2);

fn start(example: &str) -> Server {
    let binary = workshop::example("lesson10", example).unwrap();
    Launch::lesson(binary, "").start(None).unwrap()
}

fn lesson(flags: &str) -> Server {
    let flags = format!("--quiet {flags}");
    let binary = env!("CARGO_BIN_EXE_lesson10");
    Launch::lesson(binary, &flags).start(None).unwrap()
}

fn connect(server: &Server) -> Client {
    Client::connect(1, server.address(), PATIENCE, Transcript::default()).unwrap()
}

fn asking(server: &Server, question: &str) -> Client {
    let mut client = connect(server);
    client.send(question.as_bytes()).unwrap();
    client
}

/// Asks until there is an answer, however long that takes.
fn expect_answer(mut client: Client) {
    until("an answer", || client.is_answered());
    assert_eq!(client.answer().unwrap().status, 200);
}

/// How much processor time it uses in a second, in ticks of 10 ms.
fn ticks_in_a_second(server: &Server) -> u64 {
    let ticks = || server.processes().ticks().values().sum::<u64>();
    let before = ticks();
    std::thread::sleep(Duration::from_secs(1));
    ticks() - before
}

#[test]
fn a_loop_that_always_wants_to_write_is_never_asleep_again_after_the_first_client() {
    let spinning = start("write_interest");
    expect_answer(asking(&spinning, QUESTION));
    assert!(ticks_in_a_second(&spinning) <= 3, "nobody is there");
    let _idle = connect(&spinning);
    until("it says so", || spinning.said().contains("awake for the"));
    // On a busy machine it gets less than all of a processor, and takes what it gets.
    until("it takes a lot", || ticks_in_a_second(&spinning) >= 10);
}

#[test]
fn lesson_10_itself_sleeps_beside_the_same_client() {
    let server = lesson("--head-timeout 3600");
    let _idle = connect(&server);
    expect_answer(asking(&server, QUESTION));
    until("it sleeps", || ticks_in_a_second(&server) <= 3);
}

#[test]
fn an_edge_is_told_once_so_what_one_read_leaves_behind_is_never_read() {
    let long = QUESTION.replace("\r\n\r\n", &format!("\r\nX: {}\r\n\r\n", "x".repeat(600)));
    let server = start("one_read");
    expect_answer(asking(&server, QUESTION));
    let mut client = asking(&server, &long);
    assert_eq!(client.answer(), Err(NoAnswer::Silence));
    // The head has been there all the time. A further byte is an edge.
    client.send(b"\r").unwrap();
    expect_answer(client);
    expect_answer(asking(&lesson(""), &long));
}

#[test]
fn news_of_a_client_that_is_gone_closes_the_one_that_has_its_number_now() {
    let server = start("stale_event");
    // The first is quiet; the second keeps the loop busy for a second.
    let first = connect(&server);
    until("it is there", || server.said().contains("has come"));
    let mut second = asking(&server, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    until("both are there", || {
        server.said().matches("has come").count() == 2
    });
    // Meanwhile a third one comes, and then the first one leaves: both are news of one round.
    let mut third = connect(&server);
    first.leave();
    assert_eq!(second.answer().unwrap().status, 200);
    until("the third has the first one's place", || {
        server.said().matches("has come").count() == 3
    });
    // It has done nothing wrong, and it is closed without an answer.
    let _ = third.send(QUESTION.as_bytes());
    assert!(matches!(third.answer(), Err(NoAnswer::Ended(_))));
    let said = server.said();
    let number = |line: &str, words: &str| line.strip_suffix(words).map(str::to_owned);
    let gone = said.lines().find_map(|line| number(line, " has to go"));
    let left = said.lines().find_map(|line| number(line, " has left"));
    assert!(gone.is_some() && gone == left, "{said}");
}

#[test]
fn a_deadline_that_is_slept_is_kept_by_everybody() {
    let half = "GET / HTTP/1.1\r\nHost:";
    let server = start("slept_deadline");
    expect_answer(asking(&server, QUESTION));
    let mut slow = [asking(&server, half), asking(&server, half)];
    let later = asking(&server, QUESTION);
    expect_answer(later);
    let ended = slow.iter_mut().filter(|client| client.is_cut_off()).count();
    assert!(ended >= 1, "it was served before their time was up");
    // In lesson 10 their deadlines are nobody else's business.
    let server = lesson("--head-timeout 3600");
    let mut slow = [asking(&server, half), asking(&server, half)];
    expect_answer(asking(&server, QUESTION));
    assert!(slow.iter_mut().all(|client| !client.is_cut_off()));
}
