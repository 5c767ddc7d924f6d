//! The attacks that the chapter shows are what it says: taken from its pages, each is read by two
//! lenient readers, who disagree, and sent to the lesson's server, which refuses it.

use check::client::{Client, End, GUARD};
use check::server::Launch;
use check::transcript::Transcript;

const PAGE: &str = include_str!("../../../book/src/07-pool-chunked.md");

/// The block of the page that shows the attack, as bytes on the wire.
fn attack() -> String {
    let (_, block) = PAGE
        .split_once("\n```text\n")
        .expect("the page shows an attack");
    let (block, _) = block.split_once("\n```\n").expect("the block has an end");
    block
        .split('\n')
        .map(|line| format!("{line}\r\n"))
        .collect()
}

/// What the page says between `before` and `after`.
fn said(before: &str, after: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(before).expect(before);
    rest.split_once(after).expect(after).0
}

/// A request, as one of the readers has understood it.
#[derive(Debug, PartialEq, Eq)]
struct Seen<'a> {
    first_line: &'a str,
    body: String,
}

/// A reader's idea of a number.
type Number = fn(&str) -> usize;

/// Like C's `strtol` with base 16: a `0x` in front is welcome.
fn with_a_prefix(text: &str) -> usize {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    usize::from_str_radix(digits, 16).unwrap()
}

/// Like a loop that ends at the first byte that is no digit.
fn up_to_another_letter(text: &str) -> usize {
    let end = text.find(|letter: char| !letter.is_ascii_hexdigit());
    usize::from_str_radix(&text[..end.unwrap_or(text.len())], 16).unwrap()
}

/// Adds digits up as numbers of 64 bits do where nobody looks.
fn wrapping_around(text: &str) -> usize {
    let digits = text.chars().map(|letter| letter.to_digit(16).unwrap());
    let sum = digits.fold(0_u64, |sum, digit| {
        sum.wrapping_mul(16).wrapping_add(u64::from(digit))
    });
    sum as usize
}

/// All requests in `bytes`, for a reader that is friendly: a line of a head may be anything. The
/// error is where it was lost.
fn requests(bytes: &str, number: Number) -> Result<Vec<Seen<'_>>, &str> {
    let mut seen = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (head, behind) = rest.split_once("\r\n\r\n").ok_or(rest)?;
        let first_line = head.lines().next().unwrap_or_default();
        let mut body = String::new();
        rest = match head.contains("\r\nTransfer-Encoding: chunked") {
            true => chunks(behind, number, &mut body)?,
            false => behind,
        };
        seen.push(Seen { first_line, body });
    }
    Ok(seen)
}

/// Reads chunks into `body` and gives what stands behind them.
fn chunks<'a>(bytes: &'a str, number: Number, body: &mut String) -> Result<&'a str, &'a str> {
    let mut rest = bytes;
    loop {
        let (size, behind) = rest.split_once("\r\n").ok_or(rest)?;
        let size = number(size);
        if size == 0 {
            rest = behind;
            break;
        }
        let (data, behind) = behind.split_at_checked(size).ok_or(behind)?;
        body.push_str(data);
        rest = behind.strip_prefix("\r\n").ok_or(behind)?;
    }
    // Trailers, up to the empty line.
    loop {
        let (line, behind) = rest.split_once("\r\n").ok_or(rest)?;
        rest = behind;
        if line.is_empty() {
            return Ok(rest);
        }
    }
}

/// Sends `bytes` to the lesson's server and asserts that it gives this answer, says that it is the
/// last, and closes.
fn is_the_only_answer(bytes: &str, status: u16, words: &str) {
    let flags = "--drain-timeout 0.2";
    let server = Launch::lesson(env!("CARGO_BIN_EXE_lesson07"), flags);
    let server = server.start(None).unwrap();
    let mut client = Client::connect(1, server.address(), GUARD, Transcript::default()).unwrap();
    client.send(bytes.as_bytes()).unwrap();
    let answer = client.answer().unwrap();
    assert_eq!(answer.status, status, "{bytes:?}");
    assert!(answer.text().contains(words), "{}", answer.text());
    assert!(answer.says_close());
    client.finish_sending();
    assert_eq!(client.wait_for_end(), Some(End::Closed));
    assert_eq!(String::from_utf8_lossy(client.received()), "");
    // And no other request has been served: one line in the log.
    let log = server.end();
    assert_eq!(log.matches("HTTP/1.1\" ").count(), 1, "{log}");
    assert!(!log.contains("/admin"), "{log}");
}

#[test]
fn a_reader_that_knows_0x_sees_one_request_with_another_one_as_its_body() {
    let attack = attack();
    let seen = requests(&attack, with_a_prefix).unwrap();
    let [post] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(post.first_line, "POST /echo HTTP/1.1");
    assert_eq!(post.body, "\r\nGET /admin HTTP/1.1\r\nHost: shop\r\nX:");
    // The page counts the bytes, too.
    let counted = said("as hexadecimal, ", ".");
    assert_eq!(post.body.len().to_string(), counted);
    let size = attack.lines().find(|line| line.starts_with("0x")).unwrap();
    assert_eq!(size, said("One server reads the size `", "`"));
}

#[test]
fn a_reader_that_stops_at_the_x_sees_two_requests() {
    let attack = attack();
    let seen = requests(&attack, up_to_another_letter).unwrap();
    let lines: Vec<_> = seen.iter().map(|request| request.first_line).collect();
    assert_eq!(lines, ["POST /echo HTTP/1.1", "GET /admin HTTP/1.1"]);
    assert!(seen.iter().all(|request| request.body.is_empty()));
}

#[test]
fn with_another_size_it_would_be_no_attack() {
    for wrong in ["0x24", "0x26", "0x27"] {
        let attack = attack().replace("0x25", wrong);
        assert!(requests(&attack, with_a_prefix).is_err(), "{wrong}");
    }
}

#[test]
fn our_server_refuses_the_attack_and_closes() {
    is_the_only_answer(&attack(), 400, "chunk size");
}

#[test]
fn an_application_that_never_looks_at_the_body_does_not_open_the_door() {
    let to_hello = attack().replace("/echo", "/");
    is_the_only_answer(&to_hello, 200, "Hello");
}

#[test]
fn a_size_that_wraps_around_is_refused_before_any_data() {
    let size = said("**The size is added up without overflow.** `", "`");
    let wrapped = said("where numbers wrap around, it is ", ".");
    assert_eq!(wrapping_around(size).to_string(), wrapped);
    let bytes = format!(
        "POST /echo HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n{size}\r\nthree\r\n0\r\n\r\n"
    );
    assert_eq!(requests(&bytes, wrapping_around).unwrap()[0].body, "three");
    is_the_only_answer(&bytes, 413, "larger than this server takes");
}

#[test]
fn an_empty_coding_is_refused_because_not_every_reader_ignores_it() {
    let bytes = "POST /echo HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: ,chunked\r\n\r\n\
                 0\r\n\r\n";
    // One that ignores empty elements finds chunks; to one that looks for `chunked` alone, as
    // ours above does, the body is the beginning of another request.
    let ignoring = bytes.replace(": ,", ": ");
    assert_eq!(requests(&ignoring, with_a_prefix).unwrap().len(), 1);
    assert_eq!(requests(bytes, with_a_prefix).unwrap().len(), 2);
    is_the_only_answer(bytes, 400, "chunked must be the last coding");
}
