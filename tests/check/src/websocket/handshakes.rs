//! Who gets a socket.

use super::row::probe;
use super::speaker::{KEY, Speaker, fields, frame};
use crate::answer::Answer;
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::world::World;

pub(super) const PROBES: &[Probe] = &[
    probe(
        "ws-handshake",
        "a handshake",
        "RFC 6455 §4.2.2",
        "A server that accepts answers 101 with Upgrade, Connection and Sec-WebSocket-Accept, and no body.",
        handshake,
    ),
    probe(
        "ws-accept-key",
        "two keys, two answers",
        "RFC 6455 §4.2.2",
        "Sec-WebSocket-Accept is made of the key that this client has sent.",
        accept_keys,
    ),
    probe(
        "ws-words-in-lists",
        "`keep-alive, UPGRADE` and `WebSocket`",
        "RFC 6455 §4.2.1",
        "Upgrade and Connection are lists of words, and case does not matter.",
        |world| {
            switched(
                world,
                "Connection: keep-alive, UPGRADE\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
                             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            )
        },
    ),
    probe(
        "ws-no-key",
        "a handshake without a key",
        "RFC 6455 §4.2.1",
        "A handshake that lacks what it must have is refused with an error such as 400.",
        |world| refused(world, "GET", &without("Sec-WebSocket-Key"), &[400, 426]),
    ),
    probe(
        "ws-short-key",
        "a key of 5 bytes",
        "RFC 6455 §4.2.1",
        "The key is 16 bytes in base64, or the handshake is refused.",
        |world| refused(world, "GET", &fields("c2hvcnQ="), &[400, 426]),
    ),
    probe(
        "ws-junk-key",
        "a key that is no base64",
        "RFC 6455 §4.2.1",
        "The key is 16 bytes in base64, or the handshake is refused.",
        |world| {
            refused(
                world,
                "GET",
                &fields("not base64 at all !!!!!!"),
                &[400, 426],
            )
        },
    ),
    probe(
        "ws-version-12",
        "version 12",
        "RFC 6455 §4.4",
        "A server that does not speak the client's version MUST refuse it and say which it speaks.",
        |world| {
            version(
                world,
                &(without("Sec-WebSocket-Version") + "Sec-WebSocket-Version: 12\r\n"),
            )
        },
    ),
    probe(
        "ws-no-version",
        "no version",
        "RFC 6455 §4.2.1",
        "A handshake has the field Sec-WebSocket-Version, with the value 13.",
        |world| refused(world, "GET", &without("Sec-WebSocket-Version"), &[400, 426]),
    ),
    probe(
        "ws-not-upgrade",
        "`Connection: notupgrade`",
        "RFC 6455 §4.2.1",
        "Connection must list upgrade as a word: a word that contains it is another word.",
        |world| {
            not_switched(
                world,
                "GET",
                &(without("Connection") + "Connection: notupgrade\r\n"),
            )
        },
    ),
    probe(
        "ws-post",
        "POST",
        "RFC 6455 §4.2.1",
        "A handshake is a GET.",
        |world| not_switched(world, "POST", &(fields(KEY.0) + "Content-Length: 0\r\n")),
    ),
    probe(
        "ws-http-1.0",
        "HTTP/1.0",
        "RFC 9110 §7.8",
        "A server MUST ignore an Upgrade field in a request of HTTP/1.0.",
        http_1_0,
    ),
    probe(
        "ws-no-host",
        "no Host",
        "RFC 6455 §4.2.1",
        "A handshake is a request of HTTP/1.1, and has a Host.",
        no_host,
    ),
    probe(
        "ws-subprotocol",
        "subprotocols that nobody speaks",
        "RFC 6455 §4.2.2",
        "A server names a subprotocol only if the client offers it and it speaks it.",
        subprotocol,
    ),
    probe(
        "ws-no-extension",
        "no extension is offered",
        "RFC 6455 §9.1",
        "A server must not use an extension that the client has not offered.",
        no_extension,
    ),
    probe(
        "ws-same-packet",
        "a message in the packet of the handshake",
        "RFC 6455 §4.1",
        "What comes behind a handshake is the first frame, however it was packed.",
        |world| {
            let mut speaker = Speaker::open_with(world, "", &frame(0x81, b"early"))?;
            speaker.expect(world, &[(0x81, b"early")])
        },
    ),
];

fn without(field: &str) -> String {
    let all = fields(KEY.0);
    let lines = all.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with(field)).collect()
}

fn ask(world: &World, request: &str) -> Result<Answer, Finding> {
    let mut client = world.connect()?;
    let _ = client.send(request.as_bytes());
    Ok(client.next_answer(true)?)
}

fn handshake(world: &World) -> Verdict {
    let answer = Speaker::open(world)?.answer;
    let upgrade = answer.field("upgrade").unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") || !answer.connection("upgrade") {
        return Err(Finding::wrong("the 101 does not name what it switches to"));
    }
    if answer.field("content-length").is_some() || answer.field("transfer-encoding").is_some() {
        return Err(Finding::wrong("a 101 has no body, so it has no length"));
    }
    Ok(())
}

fn accept_keys(world: &World) -> Verdict {
    let second = ("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
    for (key, accept) in [KEY, second] {
        let answer = ask(world, &world.request("GET", &world.socket, &fields(key)))?;
        let got = answer.field("sec-websocket-accept").unwrap_or("none");
        if got != accept {
            return Err(Finding::wrong(format!(
                "wanted {accept} for {key}, got {got}"
            )));
        }
    }
    Ok(())
}

fn switched(world: &World, fields: &str) -> Verdict {
    match ask(world, &world.request("GET", &world.socket, fields))?.status {
        101 => Ok(()),
        status => Err(Finding::wrong(format!("wanted 101, got {status}"))),
    }
}

fn not_switched(world: &World, method: &str, fields: &str) -> Verdict {
    match ask(world, &world.request(method, &world.socket, fields))?.status {
        101 => Err(Finding::wrong("it switches")),
        _ => Ok(()),
    }
}

fn refused(world: &World, method: &str, fields: &str, wanted: &[u16]) -> Verdict {
    match ask(world, &world.request(method, &world.socket, fields))?.status {
        status if wanted.contains(&status) => Ok(()),
        status => Err(Finding::wrong(format!(
            "wanted one of {wanted:?}, got {status}"
        ))),
    }
}

fn version(world: &World, fields: &str) -> Verdict {
    let answer = ask(world, &world.request("GET", &world.socket, fields))?;
    let versions = answer.field("sec-websocket-version").unwrap_or_default();
    match answer.status {
        400 | 426 if versions.contains("13") => Ok(()),
        400 | 426 => Err(Finding::wrong("it does not say that it speaks 13")),
        status => Err(Finding::wrong(format!("wanted 426, got {status}"))),
    }
}

fn http_1_0(world: &World) -> Verdict {
    let request = world.request("GET", &world.socket, &fields(KEY.0));
    let request = request.replacen("HTTP/1.1", "HTTP/1.0", 1);
    let mut client = world.connect()?;
    let _ = client.send(request.as_bytes());
    match client.next_answer(false).map(|answer| answer.status) {
        Ok(101) => Err(Finding::wrong("it switches")),
        // Some speak no HTTP/1.0 at all, and say so by closing.
        _ => Ok(()),
    }
}

fn no_host(world: &World) -> Verdict {
    let request = format!("GET {} HTTP/1.1\r\n{}\r\n", world.socket, fields(KEY.0));
    match ask(world, &request)?.status {
        101 => Err(Finding::wrong("it switches")),
        _ => Ok(()),
    }
}

fn subprotocol(world: &World) -> Verdict {
    let offer = "Sec-WebSocket-Protocol: nobody-speaks-this, nor-that\r\n";
    let answer = Speaker::open_with(world, offer, &[])?.answer;
    match answer.field("sec-websocket-protocol") {
        None => Ok(()),
        Some(name) => Err(Finding::wrong(format!("it claims to speak {name:?}"))),
    }
}

fn no_extension(world: &World) -> Verdict {
    match Speaker::open(world)?
        .answer
        .field("sec-websocket-extensions")
    {
        None | Some("") => Ok(()),
        Some(name) => Err(Finding::wrong(format!("it uses {name:?}"))),
    }
}
