//! What the page calls request smuggling is that: two readers of the same bytes see different
//! requests. And the lesson's server refuses them all.

use check::client::{Client, End, GUARD};
use check::server::{Launch, Server};
use check::transcript::Transcript;

const PAGE: &str = include_str!("../../../book/src/02-request-head.md");

/// The request that is hidden, of the length that makes the attack of the page.
const HIDDEN: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The code words of the page behind `before`.
fn code_behind(before: &str) -> impl Iterator<Item = &'static str> {
    let (_, text) = PAGE.split_once(before).expect(before);
    text.split('`').skip(1).step_by(2)
}

/// The two lengths of the page, in a request that hides another one between them.
fn two_lengths() -> String {
    let mut lengths = code_behind("somebody sends a request with two lengths, ");
    let (first, second) = (lengths.next().unwrap(), lengths.next().unwrap());
    format!("POST / HTTP/1.1\r\nHost: a\r\n{first}\r\n{second}\r\n\r\nabc{HIDDEN}")
}

/// The first lines that a reader sees who believes one of several lengths.
fn requests(bytes: &str, believed: fn(Vec<usize>) -> Option<usize>) -> Vec<&str> {
    let mut seen = Vec::new();
    let mut rest = bytes;
    while let Some((head, behind)) = rest.split_once("\r\n\r\n") {
        seen.extend(head.lines().next());
        let fields = head.lines().filter_map(|line| line.split_once(": "));
        let lengths = fields.filter(|(name, _)| *name == "Content-Length");
        let lengths = lengths.map(|(_, value)| value.parse().unwrap()).collect();
        rest = &behind[believed(lengths).unwrap_or(0)..];
    }
    seen
}

fn refused(server: &Server, bytes: &str) {
    let mut client = Client::connect(1, server.address(), GUARD, Transcript::default()).unwrap();
    client.send(bytes.as_bytes()).unwrap();
    client.finish_sending();
    let answer = client.answer().unwrap();
    assert_eq!(answer.status, 400, "{bytes:?}");
    assert!(answer.says_close(), "{bytes:?}");
    assert_eq!(client.wait_for_end(), Some(End::Closed), "{bytes:?}");
    assert_eq!(String::from_utf8_lossy(client.received()), "");
}

#[test]
fn a_reader_that_believes_the_first_length_sees_a_request_that_is_a_body_to_the_other() {
    let bytes = two_lengths();
    let first = requests(&bytes, |lengths| lengths.first().copied());
    assert_eq!(first, ["POST / HTTP/1.1", "GET / HTTP/1.1"]);
    let last = requests(&bytes, |lengths| lengths.last().copied());
    assert_eq!(last, ["POST / HTTP/1.1"]);
}

#[test]
fn every_kind_of_bytes_that_the_page_names_is_refused() {
    let server = Launch::lesson(env!("CARGO_BIN_EXE_lesson02"), "");
    let server = server.start(None).unwrap();
    let plus = code_behind("two servers that read the same bytes differently: ").next();
    let post = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\nabc{HIDDEN}");
    let kinds = [
        ("two lengths", two_lengths()),
        (
            "a length and a coding",
            post("Content-Length: 3\r\nTransfer-Encoding: chunked"),
        ),
        ("`+3`", post(&format!("Content-Length: {}", plus.unwrap()))),
        ("a bare LF", post("Content-Length: 3\nX: y")),
        ("a space before a colon", post("Content-Length : 3")),
    ];
    let named = kinds.each_ref().map(|(name, _)| *name).join(", ");
    assert!(PAGE.contains(&format!("read the same bytes differently: {named}.")));
    for (_, bytes) in &kinds {
        refused(&server, bytes);
    }
    // Two hosts, and two servers that pick another one each.
    assert!(PAGE.contains("Two equal ones are refused as well."));
    refused(&server, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
    let log = server.end();
    assert_eq!(log.matches(" 400 ").count(), kinds.len() + 1, "{log}");
    assert!(!log.contains(" 200 "), "{log}");
}
