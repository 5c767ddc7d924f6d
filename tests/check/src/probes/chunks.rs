//! Bodies in chunks: in pieces, with trailers, with more behind them, and without an end.

use crate::client::NoAnswer;
use crate::outcome::{Finding, Verdict};
use crate::probe::{Needs, Probe};
use crate::probes::group::Group;
use crate::probes::persistence::{plain_echo, says_hi, second};
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "chunks",
    title: "Chunks, trailers, and what follows them",
    probes: &[
        chunks("chunked-pieces", "a chunked body that arrives byte by byte", pieces)
            .question("A chunked body arrives byte by byte, its sizes cut in two as well. What does the application read?"),
        chunks("chunked-next", "a chunked body and another request in one packet", next)
            .question("Behind the last chunk, in the same packet, stands another request. How many answers?"),
        chunks("chunked-unread-next", "a request in chunks that nobody reads, and a request behind them", unread_next)
            .question("The application ignores a chunked body that looks like a request; a real one follows. Which of them are answered?"),
        chunks("trailers", "three trailers, then another request", trailers)
            .question("Three fields follow the last chunk, and a request follows them. How many answers?"),
        Probe::case("trailer-length", "a trailer that says Content-Length",
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nContent-Length: 30\r\n\r\n", &[400])
            .fault(b"Content-Length")
            .lenient("a recipient may ignore trailers, as long as it does not obey them")
            .asks("RFC 9110 §6.5.1", "Fields that frame or route a message are forbidden in trailers.")
            .explained_in(7),
        Probe::case("chunk-overflow", "a chunk size of 2^64",
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nhi\r\n0\r\n\r\n", &[413])
            .fault(b"10000000000000000")
            .unless_it_wraps()
            .asks("RFC 9112 §7.1", "A recipient MUST expect large chunk sizes, and not let them wrap around.")
            .explained_in(7),
        bounded("chunked-too-large", "2 MiB in small chunks", too_large)
            .question("No Content-Length, and chunk after chunk after chunk. When does the server say stop?"),
        bounded("trailer-huge", "64 KiB of trailers", huge_trailers)
            .question("The body is two bytes long. The trailers are 64 KiB. Does a server have to keep them?"),
        bounded("chunk-extension-huge", "a chunk with an extension of 64 KiB", huge_extension)
            .question("One byte of body, and 64 KiB of extension behind its size. Does the server read all of it?"),
        chunks("chunk-cut", "a client that leaves in the middle of a chunk", cut)
            .question("A chunk of 100 bytes is announced, 2 bytes come, and the client leaves. What happens to the server?"),
    ],
};

const fn chunks(name: &'static str, title: &'static str, run: fn(&World) -> Verdict) -> Probe {
    Probe::behaviour(name, title, run)
        .asks(
            "RFC 9112 §7.1",
            "A chunked body ends with a chunk of size 0 and an empty line; there the next request begins.",
        )
        .explained_in(7)
}

const fn bounded(name: &'static str, title: &'static str, run: fn(&World) -> Verdict) -> Probe {
    Probe::behaviour(name, title, run)
        .asks(
            "RFC 9112 §7.1.1",
            "What comes without an announced length is limited by the one who reads it.",
        )
        .explained_in(7)
        .needs(Needs::Route("POST", "/echo"))
}

const HI: &str = "2\r\nhi\r\n0\r\n\r\n";

/// The head of a request to the echo with a chunked body.
fn head(world: &World) -> String {
    world.request("POST", "/echo", "Transfer-Encoding: chunked\r\n")
}

fn pieces(world: &World) -> Verdict {
    let plain = plain_echo(world)?;
    let mut client = world.connect()?;
    let _ = client.send(head(world).as_bytes());
    let body = "1\r\nh\r\n0001;name=value\r\ni\r\n0\r\nX-Sum: 1\r\n\r\n";
    for byte in body.as_bytes().chunks(1) {
        // A server that refuses does not read on: the answer tells.
        let _ = client.send(byte);
    }
    says_hi(&mut client, &plain).map(drop)
}

fn next(world: &World) -> Verdict {
    followed(world, HI)
}

fn trailers(world: &World) -> Verdict {
    let trailers = "X-Sum: 1\r\nX-Empty:\r\nServer-Timing: db;dur=53\r\n";
    followed(world, &format!("2\r\nhi\r\n0\r\n{trailers}\r\n"))
}

/// A chunked body, and a request behind it in the same packet.
fn followed(world: &World, body: &str) -> Verdict {
    let plain = plain_echo(world)?;
    let mut client = world.connect()?;
    let _ = client.send((head(world) + body + &world.hello()).as_bytes());
    let close_was_said = says_hi(&mut client, &plain)?;
    second(&mut client, close_was_said)
}

fn unread_next(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let body = format!("{:x}\r\n{smuggled}\r\n0\r\n\r\n", smuggled.len());
    let head = world.request("POST", "/", "Transfer-Encoding: chunked\r\n");
    let _ = client.send((head + &body + &world.hello()).as_bytes());
    let first = client.answer()?;
    let mut others = Vec::new();
    while others.len() < 2
        && let Ok(answer) = client.answer()
    {
        others.push(answer.status);
    }
    match (first.says_close(), others.as_slice()) {
        (true, []) | (false, [200..=299]) => Ok(()),
        (true, _) => Err(Finding::wrong("it says close and answers another request")),
        (false, []) if client.end().is_some() => Err(Finding::Should(
            "it closes without answering the second request, and had not said close".to_owned(),
        )),
        (false, []) => Err(Finding::wrong(
            "it does not answer the second request, and did not say close",
        )),
        (false, _) => Err(Finding::wrong("it took a chunk for a request")),
    }
}

fn too_large(world: &World) -> Verdict {
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    refused(world, &(chunk.repeat(512) + "0\r\n\r\n"), 413)
}

fn huge_trailers(world: &World) -> Verdict {
    let trailer = format!("X-Padding: {}\r\n", "a".repeat(1011));
    refused(
        world,
        &format!("2\r\nhi\r\n0\r\n{}\r\n", trailer.repeat(64)),
        431,
    )
}

fn huge_extension(world: &World) -> Verdict {
    let extension = "a".repeat(64 * 1024);
    refused(world, &format!("1;{extension}\r\nh\r\n0\r\n\r\n"), 400)
}

/// A body that is too much in some way.
fn refused(world: &World, body: &str, wanted: u16) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send((head(world) + body).as_bytes());
    let answer = match client.answer() {
        Ok(answer) => answer,
        Err(NoAnswer::Ended(_)) => {
            return Err(Finding::allowed(
                "it closes without a word: a status would tell the client why",
            ));
        }
        Err(reason) => return Err(reason.into()),
    };
    match answer.status {
        status if status == wanted => Ok(()),
        status @ 400..=499 => Err(Finding::Allowed(format!("wanted {wanted}, got {status}"))),
        status => Err(Finding::Allowed(format!(
            "wanted {wanted}, got {status}: its limit is higher, if it has one"
        ))),
    }
}

fn cut(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send((head(world) + "64\r\nhi").as_bytes());
    client.finish_sending();
    if client.wait_for_end().is_none() && client.received().is_empty() {
        return Err(Finding::Should(
            "the server goes on waiting for a chunk that cannot come".to_owned(),
        ));
    }
    Ok(())
}
