//! The table of faults in the book is true: each row is tried.

use lesson02::{Fault, Limits, parse_head};

const PAGE: &str = include_str!("../../../book/src/02-request-answer.md");
const SOURCE: &str = include_str!("../src/fault.rs");

/// A row of the table: the fault, its status, the bytes (or words), the rule.
struct Row {
    section: String,
    cells: Vec<String>,
}

fn rows() -> Vec<Row> {
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in PAGE.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            section = title.to_owned();
        }
        let cells: Vec<String> = line
            .trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect();
        if cells.len() == 4 && cells[1].parse::<u16>().is_ok() {
            let section = section.clone();
            rows.push(Row { section, cells });
        }
    }
    rows
}

/// Undoes what `terminal::visible` does.
fn bytes(visible: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = visible.chars();
    while let Some(char) = rest.next() {
        bytes.push(match (char, rest.clone().next()) {
            ('\\', Some('r')) => rest.next().map_or(0, |_| b'\r'),
            ('\\', Some('n')) => rest.next().map_or(0, |_| b'\n'),
            ('\\', Some('x')) => {
                let digits: String = rest.by_ref().skip(1).take(2).collect();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            _ => char as u8,
        });
    }
    bytes
}

/// The request of a row. Only the wrong part stands in the table; `None` if it takes a connection.
fn request(row: &Row) -> Option<Vec<u8>> {
    let when = &row.cells[2];
    let whole = when
        .strip_prefix('`')
        .and_then(|when| when.strip_suffix('`'));
    let fields = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n").into();
    match (whole.map(bytes), row.section.as_str(), &row.cells[0][..]) {
        (Some(bytes), "The bytes of the head", _) => Some(bytes),
        (Some(line), "The request line", _) => Some([&line[..], b"\r\nHost: a\r\n\r\n"].concat()),
        (Some(lines), _, _) => Some([b"POST / HTTP/1.1\r\n", &lines[..], b"\r\n\r\n"].concat()),
        (None, _, "HeadTooLarge") => Some(fields(
            &"A: b\r\n".repeat(90).replace('b', &"b".repeat(200)),
        )),
        (None, _, "LineTooLong") => Some(fields(&format!("A: {}", "b".repeat(8192)))),
        (None, _, "TargetTooLong") => Some(format!("GET /{}", "a".repeat(8192)).into()),
        (None, _, "TooManyFields") => Some(fields(&"A: b\r\n".repeat(100))),
        (None, _, "CodingInOldVersion") => {
            Some(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec())
        }
        (None, _, "HeadTimeout" | "Incomplete" | "ChunkedNotYet") => None,
        (None, _, other) => panic!("no bytes for {other}"),
    }
}

fn named(name: &str) -> Option<Fault> {
    [Fault::HeadTimeout, Fault::Incomplete, Fault::ChunkedNotYet]
        .into_iter()
        .find(|fault| format!("{fault:?}") == name)
}

/// What a connection without TLS says to a head.
fn plain_connection(request: &[u8]) -> Result<(), Fault> {
    match parse_head(request, &Limits::default())? {
        Some(head) => head.suits(false),
        None => Ok(()),
    }
}

#[test]
fn every_row_of_the_table_happens_as_it_says() {
    for row in rows() {
        let name = &row.cells[0];
        let fault = match request(&row) {
            Some(request) => plain_connection(&request).unwrap_err(),
            None => named(name).unwrap(),
        };
        assert_eq!(&format!("{fault:?}"), name);
        assert!(fault.status().starts_with(&row.cells[1]), "{name}");
        if let Some((_, rule)) = fault.explanation().split_once("(RFC ") {
            let rule = format!("[RFC {}]", rule.trim_end_matches(')'));
            assert!(row.cells[3].starts_with(&rule), "{name}: {rule}");
        }
    }
}

#[test]
fn every_fault_has_one_row() {
    let body = SOURCE.split_once("pub enum Fault {").unwrap().1;
    let body = body.split_once('}').unwrap().0;
    let mut faults: Vec<&str> = body
        .lines()
        .filter_map(|line| line.trim().strip_suffix(','))
        .collect();
    let rows = rows();
    let mut shown: Vec<&str> = rows.iter().map(|row| row.cells[0].as_str()).collect();
    faults.sort_unstable();
    shown.sort_unstable();
    assert!(faults.len() > 30);
    assert_eq!(faults, shown);
}
