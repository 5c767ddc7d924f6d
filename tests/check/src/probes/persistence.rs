//! More than one request on a connection, and bodies in chunks: the features of lesson 7.

use crate::answer::Answer;
use crate::client::{Client, NoAnswer};
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::probes::group::Group;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "persistence",
    title: "One connection, many requests; bodies in chunks",
    probes: &[
        Probe::behaviour("keep-alive", "a second request after the first answer", keep_alive)
            .asks("RFC 9112 §9.3", "HTTP/1.1 connections persist unless somebody says close.")
            .explained_in(7)
            .curl("curl -i {url}/ {url}/")
            .question("After the answer the client asks again on the same connection. Is it answered?"),
        Probe::behaviour("keep-alive-1.0", "an HTTP/1.0 client asks for keep-alive", keep_alive_1_0)
            .asks("RFC 9112 §9.3", "HTTP/1.0 connections persist if both sides say keep-alive.")
            .explained_in(7)
            .curl("curl -i --http1.0 -H 'Host:' -H 'Connection: keep-alive' {url}/ {url}/")
            .question("An HTTP/1.0 client says `Connection: keep-alive`. Does the connection stay open?"),
        Probe::behaviour("pipeline", "two requests in one packet", pipeline)
            .asks("RFC 9112 §9.3.2", "Requests that were sent without waiting are answered in their order.")
            .explained_in(7)
            .question("A client sends two requests in one packet. How many answers does it get?"),
        Probe::behaviour("unread-body-pipeline", "a request behind a body that nobody reads", unread_body_pipeline)
            .asks("RFC 9112 §9.3", "Read the whole body or close; never take a body for a request.")
            .explained_in(7)
            .question("Behind a body that the application ignores stands another request. What happens to it?"),
        chunks("chunked", "Transfer-Encoding: chunked", chunked)
            .curl("curl -i -H 'Transfer-Encoding: chunked' -d hi {url}/echo")
            .question("A body comes in chunks. What does the application read?"),
        chunks("chunked-case", "Transfer-Encoding: Chunked, since codings are case-insensitive", chunked_case)
            .asks("RFC 9112 §7", "The names of transfer codings are case-insensitive: `Chunked` is `chunked`.")
            .curl("curl -i -H 'Transfer-Encoding: Chunked' -d hi {url}/echo")
            .question("Does it matter how `chunked` is spelled?"),
        chunks("chunk-extension", "a chunk with an extension", chunk_extension).question("A chunk size is followed by `;name=value`. Does that matter?"),
        chunks("chunked-trailer", "a trailer, then another request", chunked_trailer).question("A field follows the last chunk, and a request follows that. How many answers?"),
        bad_chunk("chunk-0x", "a chunk size of 0x2",
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n", b"0x2"),
        bad_chunk("chunk-plus", "a chunk size of +2",
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\nhi\r\n0\r\n\r\n", b"+2"),
        bad_chunk("chunk-lf", "a chunk line that ends with LF alone",
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\nhi\r\n0\r\n\r\n", b"\nhi"),
        bad_chunk("chunk-end", "a chunk longer than its size",
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhiXX0\r\n\r\n", b"XX0"),
    ],
};

const fn chunks(name: &'static str, title: &'static str, run: fn(&World) -> Verdict) -> Probe {
    Probe::behaviour(name, title, run)
        .asks(
            "RFC 9112 §7.1",
            "A server MUST be able to read a chunked body; extensions and trailers it may ignore.",
        )
        .explained_in(7)
}

const fn bad_chunk(
    name: &'static str,
    title: &'static str,
    send: &'static [u8],
    fault: &'static [u8],
) -> Probe {
    Probe::case(name, title, send, &[400])
        .fault(fault)
        .unless_it_closes()
        .asks(
            "RFC 9112 §7.1",
            "A chunk is hexadecimal digits, CRLF, that many bytes, CRLF; anything else is a 400.",
        )
        .explained_in(7)
}

fn keep_alive(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send(world.hello().as_bytes());
    let first = client.answer()?;
    let _ = client.send(world.hello().as_bytes());
    second(&mut client, first.says_close())
}

/// The second answer on a connection, to a request for `/`.
pub(super) fn second(client: &mut Client, close_was_said: bool) -> Verdict {
    match client.answer() {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => Err(Finding::wrong(format!(
            "the second answer is a {}",
            answer.status
        ))),
        Err(NoAnswer::Ended(_)) if close_was_said => Err(Finding::Allowed(
            "it says close and closes: each request costs a connection".to_owned(),
        )),
        Err(NoAnswer::Ended(_)) => Err(Finding::Should(
            "it closes before it has answered, and had not said close".to_owned(),
        )),
        Err(reason) => Err(reason.into()),
    }
}

fn keep_alive_1_0(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let question = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let _ = client.send(question);
    let first = client.answer()?;
    if !first.connection("keep-alive") {
        return Err(Finding::Allowed(
            "it does not say keep-alive and closes: each request costs a connection".to_owned(),
        ));
    }
    let _ = client.send(question);
    second(&mut client, false)
}

fn pipeline(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let both = world.hello() + &world.hello();
    let _ = client.send(both.as_bytes());
    let first = client.answer()?;
    second(&mut client, first.says_close())
}

fn unread_body_pipeline(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let body = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let fields = format!("Content-Length: {}\r\n", body.len());
    let both = world.request("POST", "/", &fields) + body + &world.hello();
    let _ = client.send(both.as_bytes());
    let first = client.answer()?;
    let mut more = 0;
    while more < 3 && client.answer().is_ok() {
        more += 1;
    }
    match (more, first.says_close()) {
        (0, true) | (1, false) => Ok(()),
        (0, false) if client.end().is_some() => Err(Finding::Should(
            "it closes without answering the second request, and had not said close".to_owned(),
        )),
        (0, false) => Err(Finding::wrong(
            "it does not answer the second request, and did not say close",
        )),
        (1, true) => Err(Finding::wrong("it says close and answers another request")),
        _ => Err(Finding::wrong("it took the body for a request")),
    }
}

fn chunked(world: &World) -> Verdict {
    echoes(world, "chunked", "2\r\nhi\r\n0\r\n\r\n").map(drop)
}

fn chunked_case(world: &World) -> Verdict {
    echoes(world, "Chunked", "2\r\nhi\r\n0\r\n\r\n").map(drop)
}

fn chunk_extension(world: &World) -> Verdict {
    echoes(world, "chunked", "2;name=value\r\nhi\r\n0\r\n\r\n").map(drop)
}

fn chunked_trailer(world: &World) -> Verdict {
    let (mut client, close_was_said) =
        echoes(world, "chunked", "2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n")?;
    let _ = client.send(world.hello().as_bytes());
    second(&mut client, close_was_said)
}

/// Sends a chunked body to the echo; the client is left after its answer, and whether that said
/// close.
fn echoes(world: &World, coding: &str, body: &str) -> Result<(Client, bool), Finding> {
    let plain = plain_echo(world)?;
    let mut client = world.connect()?;
    let fields = format!("Transfer-Encoding: {coding}\r\n");
    let question = world.request("POST", "/echo", &fields) + body;
    let _ = client.send(question.as_bytes());
    let closes = says_hi(&mut client, &plain)?;
    Ok((client, closes))
}

/// What the echo answers to a body with a length: without that there is nothing to compare.
pub(super) fn plain_echo(world: &World) -> Result<Answer, Finding> {
    let fields = "Content-Length: 2\r\nConnection: close\r\n";
    let question = world.request("POST", "/echo", fields) + "hi";
    let plain = world.unrecorded().ask(question)?;
    match plain.status {
        400.. => Err(Finding::NotApplicable(format!(
            "the server has no POST /echo: it answers {} to a body with a length as well",
            plain.status
        ))),
        _ => Ok(plain),
    }
}

/// The answer must be `hi`. The result is whether it says close.
pub(super) fn says_hi(client: &mut Client, plain: &Answer) -> Result<bool, Finding> {
    let answer = client.answer()?;
    match (answer.status, answer.body.as_slice()) {
        (200, b"hi") => Ok(answer.says_close()),
        (411, _) => Err(Finding::allowed(
            "411: RFC 9112 §6.3 lets a server ask for a length instead",
        )),
        (200..=299, body) if body == plain.body && body != b"hi" => Err(Finding::not_applicable(
            "the server has no POST /echo: it answers every body alike",
        )),
        (status, _) => Err(Finding::wrong(format!(
            "wanted 200 and `hi`, got {status} and {:?}",
            answer.text()
        ))),
    }
}
