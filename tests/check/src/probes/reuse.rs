//! A connection that stays: who may go on, who must stop, and what a request leaves behind.

use crate::client::NoAnswer;
use crate::outcome::{Finding, Verdict};
use crate::probe::{Flags, Probe};
use crate::probes::group::Group;
use crate::probes::persistence::second;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "reuse",
    title: "A connection that stays",
    probes: &[
        Probe::behaviour("keep-alive-reuse", "thirty requests, one after another, on one connection", reuse)
            .asks("RFC 9112 §9.3", "A connection persists until somebody says close.")
            .explained_in(7)
            .question("A client asks thirty times on one connection. How often is it answered?"),
        Probe::behaviour("ten-pipelined", "ten requests for two pages in one packet", ten_pipelined)
            .asks("RFC 9112 §9.3.2", "Requests that were sent without waiting are answered in their order.")
            .explained_in(7)
            .question("Ten requests, for two pages in turn, come in one packet. In which order are the answers?"),
        Probe::behaviour("unread-body-next", "20 KiB of body that nobody reads, and the next request", unread_body_next)
            .asks("RFC 9112 §9.3", "To stay on a connection, a server must read the whole body of each request, or close.")
            .explained_in(7)
            .question("The application answers without reading the body. Can the client ask again on this connection?"),
        Probe::behaviour("stay-table", "five ways to ask for a connection that stays", stay_table)
            .asks("RFC 9112 §9.3", "HTTP/1.1 stays unless `close` is said, HTTP/1.0 if `keep-alive` is said, by both sides.")
            .explained_in(7)
            .question("`Connection: closed` from an HTTP/1.1 client, `x, Keep-Alive` from an HTTP/1.0 client. Who may ask again?"),
        Probe::behaviour("close-table", "six ways to ask for the end of a connection", close_table)
            .asks("RFC 9112 §9.6", "A server that receives `close` MUST close after its answer, and should say so in it.")
            .explained_in(7)
            .question("`Connection: keep-alive, CLOSE`. Does the connection stay, or end?"),
        Probe::behaviour("close-at-limit", "the last answer on a connection says that it is the last", close_at_limit)
            .asks("RFC 9112 §9.6", "A server that will close a connection should say `close` in its last answer.")
            .explained_in(7)
            .flags(&[Flags { from: 7, to: 99, words: "--max-requests 3" }])
            .question("A server takes so many requests on a connection and no more. How does the client learn that?"),
    ],
};

fn closes() -> Finding {
    Finding::Allowed("it says close and closes: each request costs a connection".to_owned())
}

/// Closing is always allowed, and whoever closes should say so before.
fn unannounced(answers: usize) -> Finding {
    let answers = match answers {
        1 => "an answer".to_owned(),
        answers => format!("{answers} answers"),
    };
    Finding::Should(format!(
        "it closes after {answers}, and the last did not say close"
    ))
}

fn reuse(world: &World) -> Verdict {
    let mut client = world.connect()?;
    for number in 1..=30 {
        // If sending fails, there is no answer either, and that is the finding.
        let _ = client.send(world.hello().as_bytes());
        let answer = match client.answer() {
            Ok(answer) => answer,
            Err(NoAnswer::Ended(_)) => return Err(unannounced(number - 1)),
            Err(reason) => return Err(reason.into()),
        };
        if !(200..300).contains(&answer.status) {
            return Err(Finding::wrong(format!(
                "answer {number} is a {}",
                answer.status
            )));
        }
        match answer.says_close() {
            true if number == 1 => return Err(closes()),
            // It has a limit, and says so.
            true => return Ok(()),
            false => {}
        }
    }
    Ok(())
}

fn ten_pipelined(world: &World) -> Verdict {
    let questions = [
        world.hello(),
        world.request("GET", "/no-such-page-here", ""),
    ];
    let quiet = world.unrecorded();
    let alone = [
        quiet.ask(&questions[0])?.status,
        quiet.ask(&questions[1])?.status,
    ];
    let mut client = world.connect()?;
    let _ = client.send(questions.concat().repeat(5).as_bytes());
    for number in 0..10 {
        let answer = match client.answer() {
            Ok(answer) => answer,
            Err(NoAnswer::Ended(_)) => return Err(unannounced(number)),
            Err(reason) => return Err(reason.into()),
        };
        let wanted = alone[number % 2];
        if answer.status != wanted {
            return Err(Finding::wrong(format!(
                "answer {} is a {}, but that page is a {wanted}",
                number + 1,
                answer.status
            )));
        }
        match answer.says_close() {
            true if number == 0 => return Err(closes()),
            true => return Ok(()),
            false => {}
        }
    }
    Ok(())
}

fn unread_body_next(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let fields = format!("Content-Length: {}\r\n", 20 * 1024);
    let question = world.request("POST", "/", &fields) + &"x".repeat(20 * 1024);
    let _ = client.send(question.as_bytes());
    let first = client.answer()?;
    let _ = client.send(world.hello().as_bytes());
    second(&mut client, first.says_close())
}

/// A request for `/` in this version, with these fields.
fn question(world: &World, version: &str, fields: &str) -> String {
    let host = world.address();
    format!("GET / HTTP/{version}\r\nHost: {host}\r\n{fields}\r\n")
}

fn stay_table(world: &World) -> Verdict {
    for (version, fields) in [
        ("1.1", ""),
        ("1.1", "Connection: keep-alive\r\n"),
        // A token is compared as a whole, not by how it begins.
        ("1.1", "Connection: closed\r\n"),
        ("1.0", "Connection: keep-alive\r\n"),
        ("1.0", "Connection: x, Keep-Alive\r\n"),
    ] {
        let question = question(world, version, fields);
        let mut client = world.connect()?;
        let _ = client.send(question.as_bytes());
        let first = client.answer()?;
        // A client of HTTP/1.0 must be told, or it does not know that it may go on.
        let is_told = version == "1.1" || first.connection("keep-alive");
        if first.says_close() || !is_told {
            return Err(closes());
        }
        let _ = client.send(question.as_bytes());
        second(&mut client, false)?;
    }
    Ok(())
}

fn close_table(world: &World) -> Verdict {
    let mut unsaid = "";
    for (version, fields) in [
        ("1.0", ""),
        ("1.0", "Connection: keep-alive, close\r\n"),
        ("1.1", "Connection: CLOSE\r\n"),
        ("1.1", "Connection: keep-alive, close\r\n"),
        ("1.1", "Connection: close , x\r\n"),
        ("1.1", "Connection: x\r\nConnection: close\r\n"),
    ] {
        let mut client = world.connect()?;
        let _ = client.send(question(world, version, fields).as_bytes());
        let answer = client.answer()?;
        if !world.ends(&mut client) {
            return Err(Finding::wrong(format!(
                "the connection stays open after HTTP/{version} {:?}",
                fields.trim_end()
            )));
        }
        if !answer.says_close() {
            unsaid = version;
        }
    }
    match unsaid {
        "" => Ok(()),
        version => Err(Finding::Allowed(format!(
            "it closes an HTTP/{version} connection without saying so"
        ))),
    }
}

fn close_at_limit(world: &World) -> Verdict {
    let mut client = world.connect()?;
    for number in 1..=300 {
        let _ = client.send(world.hello().as_bytes());
        let answer = match client.answer() {
            Ok(answer) => answer,
            Err(NoAnswer::Ended(_)) => {
                return Err(unannounced(number - 1));
            }
            Err(reason) => return Err(reason.into()),
        };
        if answer.says_close() {
            return match world.ends(&mut client) {
                true => Ok(()),
                false => Err(Finding::wrong("it says close and stays open")),
            };
        }
    }
    // Without a limit there is nothing to announce.
    Ok(())
}
