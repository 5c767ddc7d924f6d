//! The examples of the chapter: what is lost by giving a future up, and what a hundred lines serve.

use std::process::Command;

use check::client::{Client, GUARD};
use check::server::Launch;
use check::transcript::Transcript;
use check::workshop;

#[test]
fn a_future_that_is_given_up_takes_along_what_only_it_has() {
    let binary = workshop::example("lesson12", "lost_in_select").unwrap();
    let output = Command::new(binary).output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "kept by the future: [\"oo\"]\nkept outside of it: [\"go\", \"on\"]\n"
    );
}

#[test]
fn a_hundred_lines_in_the_place_of_tokio_serve_those_who_come_later_first() {
    let binary = workshop::example("lesson12", "by_hand").unwrap();
    let server = Launch::lesson(binary, "").start(None).unwrap();
    let connect = |number| {
        let address = server.address();
        Client::connect(number, address, GUARD, Transcript::default()).unwrap()
    };
    let mut clients: Vec<Client> = (0..50).map(connect).collect();
    for client in clients.iter_mut().rev() {
        client.send(b"GET / HTTP/1.1\r\nHost: a\r").unwrap();
    }
    for client in clients.iter_mut().rev() {
        client.send(b"\n\r\n").unwrap();
        let answer = client.answer().unwrap();
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "Hello, World!\n")
        );
    }
}
