//! The ladder: the same requests to servers that wait in eight different ways, and the same bytes
//! from all of them.
//!
//! Lesson 7 is the measure. What is different in every run (times, ports, names of processes) is
//! made equal first. What is different for a reason is a row of [`DIFFERENCES`], and every row must
//! be seen: a reason for nothing is no reason.

mod even;
mod requests;

use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::client::{Client, GUARD};
use crate::transcript::{Transcript, visible};

use even::normal;
pub use requests::{Asked, requests};

/// A server of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// What it is called in the table.
    pub name: &'static str,
    /// The package.
    pub package: &'static str,
    /// Flags beside those that all have.
    pub flags: &'static str,
}

const fn rung(name: &'static str, package: &'static str, flags: &'static str) -> Rung {
    Rung {
        name,
        package,
        flags,
    }
}

/// The servers, the one that is the measure first.
pub const RUNGS: [Rung; 8] = [
    rung("07", "lesson07", "--threads 2"),
    rung("03", "lesson03", ""),
    rung("05", "lesson05", ""),
    rung("06", "lesson06", ""),
    rung("10", "lesson10", "demo:application"),
    rung(
        "10 with workers",
        "lesson10",
        "--workers 2 demo:application",
    ),
    rung("11", "lesson11", "demo:application"),
    rung("12", "lesson12", "demo:application"),
];

/// Why two servers may answer differently.
pub struct Difference {
    /// Which of them.
    pub rungs: &'static [&'static str],
    /// To what.
    pub to: &'static str,
    /// What is different.
    pub what: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Whether it is about this request.
    concerns: fn(&Asked) -> bool,
    /// What makes both answers equal, if there is something to compare at all.
    even: Option<fn(&Asked, &str) -> String>,
}

const ONE_REQUEST: &[&str] = &["03", "05", "06"];
const WHOLE_BODIES: &[&str] = &["10", "10 with workers", "12"];

/// Every difference that there may be. The first row that concerns a request counts.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        rungs: ONE_REQUEST,
        to: "a body in chunks",
        what: "501 in place of an answer",
        reason: "before lesson 7 nobody reads the chunked coding",
        concerns: is_chunked,
        even: None,
    },
    Difference {
        rungs: ONE_REQUEST,
        to: "everything",
        what: "one answer and `Connection: close`, and a body of unknown length ends with the connection",
        reason: "before lesson 7 a connection has one request, and its end is the end of the answer",
        concerns: |_| true,
        even: Some(even::first_answer),
    },
    Difference {
        rungs: WHOLE_BODIES,
        to: "a faulty body that the application does not read",
        what: "400 in place of the application's answer",
        reason: "where nobody may wait inside of an application, its body is gathered first, and a \
                 faulty one is refused before it is called",
        concerns: is_faulty_body,
        even: None,
    },
    Difference {
        rungs: WHOLE_BODIES,
        to: "`Expect: 100-continue`, where the application does not read",
        what: "a 100 before the answer, and the connection stays",
        reason: "the body is asked for before the application is called; on lesson 7 it is asked \
                 for by the first read, and if there is none the connection closes instead",
        concerns: expects,
        even: None,
    },
    Difference {
        rungs: WHOLE_BODIES,
        to: "a body that the application does not read",
        what: "the connection may stay where lesson 7 closes it",
        reason: "what has been gathered is not in the way of the next request",
        concerns: has_body,
        even: Some(even::without_connection),
    },
];

fn is_chunked(asked: &Asked) -> bool {
    asked.text().contains("Transfer-Encoding: chunked")
}

fn is_faulty_body(asked: &Asked) -> bool {
    let is_read = asked.says("POST /echo");
    (asked.name.contains("chunks: ") || asked.name.contains("ends too early")) && !is_read
}

fn expects(asked: &Asked) -> bool {
    asked.name.contains("expects 100") && !asked.says("POST /echo")
}

fn has_body(asked: &Asked) -> bool {
    asked.text().contains("POST ") && !asked.says("POST /echo")
}

/// What a server says to this, from its first byte to the end of the connection.
pub fn answer(address: SocketAddr, asked: &Asked) -> io::Result<String> {
    let mut client = Client::connect(1, address, GUARD, Transcript::default())?;
    for piece in &asked.pieces {
        if client.send(piece).is_err() {
            break; // It has heard enough; what it said is there to be read.
        }
        if asked.says("Expect: 100-continue") && client.received().is_empty() {
            client.wait_until(Instant::now() + GUARD); // For the 100, or for a last word.
        } else if asked.pieces.len() > 3 {
            std::thread::sleep(Duration::from_micros(200)); // So they come as pieces.
        }
    }
    client.finish_sending();
    if client.wait_for_end().is_none() {
        return Err(io::Error::other("the connection never ended"));
    }
    Ok(String::from_utf8_lossy(client.received()).into_owned())
}

/// Whether a server's answer is that of the measure, or differs for a reason: then which.
pub fn compare(
    asked: &Asked,
    rung: Rung,
    measure: &str,
    answer: &str,
) -> Result<Option<usize>, String> {
    let is_same = |even: fn(&Asked, &str) -> String| {
        normal(asked, &even(asked, measure)) == normal(asked, &even(asked, answer))
    };
    if is_same(|_, text| text.to_owned()) {
        return Ok(None);
    }
    let row = DIFFERENCES
        .iter()
        .position(|it| it.rungs.contains(&rung.name) && (it.concerns)(asked));
    match row {
        Some(row) if DIFFERENCES[row].even.is_none_or(is_same) => Ok(Some(row)),
        _ => Err(format!(
            "{}\n  {:<15} {}\n  {:<15} {}\n",
            asked.name,
            RUNGS[0].name,
            visible(normal(asked, measure).as_bytes()),
            rung.name,
            visible(normal(asked, answer).as_bytes()),
        )),
    }
}

/// The table, for the book.
pub fn render_markdown() -> String {
    let mut text =
        String::from("| lessons | asked for | the difference | why |\n|---|---|---|---|\n");
    for it in DIFFERENCES {
        let rungs = it.rungs.join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {rungs} | {} | {} | {} |",
            it.to, it.what, it.reason
        );
    }
    text
}
