//! Clients that are slow, that leave, that ask too much at once; and applications that wait.

use std::time::Instant;

use check::client::{Client, GUARD};
use kit::patience::until;

use crate::served::{Served, large_file, python_has, request};

fn served(flags: &str) -> Option<Served> {
    python_has("wsgiref").then(|| Served::start("odd:app", flags))
}

/// A request on a connection that stays.
fn kept(method: &str, target: &str, fields: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
}

#[test]
fn requests_that_come_together_are_answered_in_their_order() {
    let Some(served) = served("") else {
        return;
    };
    let requests = [
        kept("GET", "/several", ""),
        kept("HEAD", "/large", ""),
        kept("POST", "/counts", "Content-Length: 5\r\n") + "hello",
        kept("POST", "/fine", "Content-Length: 6\r\n") + "unread",
        kept("GET", "/without_a_body?204", ""),
        kept("GET", "/without_a_body_but_pieces?304", ""),
        kept("POST", "/counts", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n",
        kept("GET", "/fine", "Connection: close\r\n"),
    ];
    let mut client = served.client_that_sends(requests.concat());
    let mut next = |to_head| {
        let answer = client.next_answer(to_head).unwrap();
        (answer.status, answer.text())
    };
    assert_eq!(next(false), (200, "one two three".to_owned()));
    assert_eq!(next(true), (200, String::new()));
    assert_eq!(next(false), (200, "5 5 True".to_owned()));
    assert_eq!(next(false), (200, "fine".to_owned()));
    assert_eq!(next(false), (204, String::new()));
    assert_eq!(next(false), (304, String::new()));
    assert_eq!(next(false), (200, "3 3 True".to_owned()));
    assert_eq!(next(false), (200, "fine".to_owned()));
    assert!(client.wait_for_end().is_some() && client.received().is_empty());
}

#[test]
fn a_body_is_closed_when_its_client_has_left() {
    let Some(served) = served("") else {
        return;
    };
    for leave in [Client::leave, Client::reset] {
        let mut client = served.client_that_sends(request("GET", "/closes_unread", "", b""));
        assert!(client.wait_until(Instant::now() + GUARD), "nothing came");
        leave(client);
        until("the body is closed", || {
            served.get("/which_were_closed").text() == "closes_unread"
        });
    }
}

#[test]
fn a_piece_is_sent_before_the_next_one_is_made() {
    let Some(served) = served("--threads 2") else {
        return;
    };
    let mut client = served.client_that_sends(request("GET", "/waits", "", b""));
    until("the first piece is here", || {
        client.received().windows(5).any(|bytes| bytes == b"first")
    });
    assert!(!client.is_answered());
    assert_eq!(served.get("/lets_it_go_on").text(), "fine");
    assert_eq!(client.answer().unwrap().text(), "firstsecond");
}

#[test]
fn a_client_that_sends_slowly_occupies_no_thread() {
    let Some(served) = served("--threads 1") else {
        return;
    };
    let head = kept(
        "POST",
        "/counts",
        "Content-Length: 10\r\nConnection: close\r\n",
    );
    let slow = || served.client_that_sends(head.clone() + "hello");
    let mut slow: Vec<_> = (0..20).map(|_| slow()).collect();
    assert_eq!(served.get("/fine").text(), "fine");
    for client in &mut slow {
        client.send(b"world").unwrap();
        assert_eq!(client.answer().unwrap().text(), "10 10 True");
    }
}

#[test]
fn a_client_that_reads_slowly_occupies_no_thread() {
    let Some(served) = served("--threads 1") else {
        return;
    };
    let slow = || served.client_that_sends(request("GET", "/large", "", b""));
    let mut slow: Vec<_> = (0..5).map(|_| slow()).collect();
    assert_eq!(served.get("/fine").text(), "fine");
    for client in &mut slow {
        assert_eq!(client.answer().unwrap().body.len(), 5_000_000);
    }
}

#[test]
fn for_a_client_that_does_not_read_little_is_made() {
    let Some(served) = served("--threads 2") else {
        return;
    };
    // What the kernel keeps for it is a few megabytes, in pieces of 64 KiB.
    let made = served.made_for_one_that_does_not_read("/makes_much");
    assert!(made < 1000, "{made} of 10000 pieces were made");
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    let Some(served) = served("") else {
        return;
    };
    let fields = "Content-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n";
    let mut client = served.client_that_sends(kept("POST", "/counts", fields));
    assert_eq!(client.next_answer(false).unwrap().status, 100);
    client.send(b"hello").unwrap();
    assert_eq!(client.answer().unwrap().text(), "5 5 True");
}

#[test]
fn a_body_beyond_what_stays_in_memory_is_read_like_any_other() {
    let Some(served) = served("") else {
        return;
    };
    let file = large_file();
    let size = file.len();
    let answer = served.ask(request("POST", "/counts", "", &file));
    assert_eq!(answer.text(), format!("{size} {size} True"));
    let lines = "line\n".repeat(150_000);
    let target = "/reads?readline()|readline(2)|read(3)|readlines(6)";
    let answer = served.ask(request("POST", target, "", lines.as_bytes()));
    assert_eq!(
        answer.text(),
        r"b'line\n' b'li' b'ne\n' [b'line\n', b'line\n']"
    );
    let answer = served.ask(request("POST", "/returns_its_input", "", lines.as_bytes()));
    assert_eq!(answer.text(), lines);
}

#[test]
fn a_body_that_is_too_large_is_refused_before_the_application_is_called() {
    let Some(served) = served("--body-limit 1000") else {
        return;
    };
    let answer = served.ask(request("POST", "/counts", "", &[b'x'; 1001]));
    assert_eq!(answer.status, 413);
    let answer = served.ask(request("POST", "/counts", "", &[b'x'; 1000]));
    assert_eq!(answer.text(), "1000 1000 True");
}

#[test]
fn an_application_may_start_programs_processes_and_threads() {
    let Some(served) = served("") else {
        return;
    };
    assert_eq!(served.get("/runs_a_program").text(), "told -15");
    assert_eq!(served.get("/starts_a_thread").text(), "from a thread");
    assert_eq!(served.get("/starts_processes").text(), "[1, 4, 9]");
    assert_eq!(served.get("/prints").text(), "not printed");
    assert_eq!(served.get("/fine").text(), "fine");
    served.stop();
}
