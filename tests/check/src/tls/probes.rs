//! The probes for TLS.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::HandshakeKind;
use socket2::SockRef;

use super::client::{TlsClient, TlsEnd, VERSIONS, client_hello, config, plain};
use super::still_answers;
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::probes::group::Group;
use crate::world::World;

/// What a server that speaks TLS is asked.
pub const GROUP: Group = Group {
    name: "tls",
    title: "TLS",
    probes: &[
        Probe::behaviour("tls-hello", "a handshake, a question, an answer", hello)
            .asks("RFC 9110 §4.2.2", "A server of https resources answers requests on a connection that is secured by TLS.")
            .explained_in(8)
            .question("What does a client get behind TLS?"),
        Probe::behaviour("tls-versions", "clients of TLS 1.2 and of TLS 1.3", versions)
            .asks("RFC 9325 §3.1.1", "An implementation MUST support TLS 1.2 and SHOULD support TLS 1.3.")
            .explained_in(8)
            .question("An older client speaks TLS 1.2 only. Is it served?"),
        Probe::behaviour("tls-byte-by-byte", "the handshake comes byte by byte", byte_by_byte)
            .asks("RFC 8446 §5.1", "Messages of the handshake may be spread over several records, and records over any number of packets.")
            .explained_in(8)
            .question("A ClientHello comes in five hundred packets. What does the server make of it?"),
        Probe::behaviour("tls-handshake-stalled", "half a handshake, then silence; somebody else asks", handshake_stalled)
            .asks("The third part of a server, the waiting", "Whoever stops in the middle of a handshake must not hold up others.")
            .explained_in(8)
            .question("One client stops in the middle of its handshake. When is the next one served?"),
        Probe::behaviour("tls-handshake-deadline", "half a handshake, for ever", handshake_deadline)
            .asks("The third part of a server, the waiting", "A handshake has a deadline, as a head has.")
            .explained_in(8)
            .question("How long does the server wait for the rest of a handshake?"),
        Probe::behaviour("tls-leaves-in-handshake", "clients that leave in the middle of a handshake", leaves_in_handshake)
            .asks("RFC 9112 §9.5", "A client may close at any time; that costs one connection.")
            .explained_in(8)
            .question("Ten clients leave in the middle of their handshakes, half of them with a reset. Who is served then?"),
        Probe::behaviour("tls-noise", "noise in place of a handshake", noise)
            .asks("RFC 8446 §6.2", "Whoever receives what is no TLS ends the connection, with an alert if possible.")
            .explained_in(8)
            .question("Somebody sends bytes that are no TLS. What becomes of the server?"),
        Probe::behaviour("tls-plain-http", "plain HTTP on the port of TLS", plain_http)
            .asks("RFC 9110 §4.2.2", "Nothing is served on an insecure connection that was meant for a secure one.")
            .explained_in(8)
            .curl("curl -i {url}/")
            .question("Somebody forgot the s of https. What do they get to read?"),
        Probe::behaviour("tls-goodbye", "close_notify before the end", goodbye)
            .asks("RFC 9112 §9.8", "A server MUST attempt to send close_notify before it closes, so that a client can tell the end from a cut.")
            .explained_in(8)
            .question("How does a client know that nobody cut the connection?"),
        Probe::behaviour("tls-cut-body", "a body that is cut off without a goodbye", cut_body)
            .asks("RFC 9112 §8", "A message that ends before its announced length is incomplete.")
            .explained_in(8)
            .question("Half of a body has come, and then the connection ends. Does anybody take it for a whole one?"),
        Probe::behaviour("tls-one-record", "two questions in one record", one_record)
            .asks("RFC 9112 §9.3.2", "A server that keeps connections MUST answer pipelined requests in order; those it has decrypted already are no exception.")
            .explained_in(8)
            .question("Two requests arrive in one record of TLS, and nothing more comes. Is the second one answered?"),
        Probe::behaviour("tls-alpn", "which HTTP: a client that knows several", alpn)
            .asks("RFC 7301 §3.2", "The server selects one of the protocols that the client offers; if it knows none of them, it SHALL say so in an alert.")
            .explained_in(8)
            .question("A client can speak HTTP/2 and HTTP/1.1. Who decides?"),
        Probe::behaviour("tls-resumption", "a client that comes again", resumption)
            .asks("RFC 8446 §2.2", "A session can be resumed, which saves both sides most of the handshake.")
            .explained_in(8)
            .question("The same client comes a second time. Must everything be said again?"),
    ],
};

fn hello(world: &World) -> Verdict {
    let mut client = TlsClient::connect(world)?;
    client.send(world.hello())?;
    match client.answer()?.status {
        200..=299 => Ok(()),
        status => Err(Finding::wrong(format!("wanted a 2xx, got {status}"))),
    }
}

fn versions(world: &World) -> Verdict {
    for (version, name) in VERSIONS.into_iter().zip(["1.2", "1.3"]) {
        let tried = TlsClient::with(world, Arc::new(config(&[version])));
        match (tried, name) {
            (Ok(_), _) => {}
            (Err(Finding::Wrong(why)), "1.3") => {
                return Err(Finding::Should(format!("no TLS 1.3: {why}")));
            }
            (Err(why), _) => return Err(Finding::wrong(format!("no TLS {name}: {why}"))),
        }
    }
    Ok(())
}

fn byte_by_byte(world: &World) -> Verdict {
    let mut client = TlsClient::silent(world, Arc::new(config(&VERSIONS)))?;
    let mut first = Vec::new();
    let _ = client.stream.conn.write_tls(&mut first);
    for byte in first {
        if client.stream.sock.write_all(&[byte]).is_err() {
            return Err(Finding::wrong(
                "the server left in the middle of the ClientHello",
            ));
        }
    }
    let shaken = client.shake();
    shaken.map_err(|error| Finding::wrong(format!("the handshake failed: {error}")))?;
    client.send(world.hello())?;
    client.answer().map(drop)
}

/// Half a ClientHello has left here, and the connection stays open.
fn stalled(world: &World) -> Result<std::net::TcpStream, Finding> {
    let hello = client_hello();
    let mut socket = plain(world)?;
    let _ = socket.write_all(&hello[..hello.len() / 2]);
    Ok(socket)
}

fn handshake_stalled(world: &World) -> Verdict {
    let first = stalled(world)?;
    let started = Instant::now();
    let second = still_answers(world);
    let _ = first.set_nonblocking(true);
    let first_has_ended = match first.peek(&mut [0]) {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    };
    match (second, first_has_ended) {
        (Ok(()), false) => return Ok(()),
        (Ok(()), true) => return Err(Finding::Waits),
        (Err(_), _) => {}
    }
    // Perhaps the server has a deadline. It gets its time.
    while started.elapsed() < world.hold {
        if still_answers(world).is_ok() {
            return Err(Finding::Waits);
        }
    }
    drop(first);
    match still_answers(world) {
        Ok(()) => Err(Finding::Stalls),
        Err(why) => Err(why),
    }
}

fn handshake_deadline(world: &World) -> Verdict {
    let mut first = stalled(world)?;
    let _ = first.set_read_timeout(Some(world.hold));
    let mut said = [0; 1024];
    loop {
        match first.read(&mut said) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let time = world.hold.as_secs_f64();
                return Err(Finding::wrong(format!(
                    "after {time} s (--hold) the server still waits for the other half"
                )));
            }
            Err(_) => return Ok(()),
        }
    }
}

fn leaves_in_handshake(world: &World) -> Verdict {
    let hello = client_hello();
    for number in 0..10 {
        let mut socket = plain(world)?;
        let _ = socket.write_all(&hello[..hello.len() * number / 9]);
        if number % 2 == 0 {
            // If it cannot be set, the client is only milder.
            let _ = SockRef::from(&socket).set_linger(Some(Duration::ZERO));
        }
    }
    still_answers(world)
}

fn noise(world: &World) -> Verdict {
    let hello = client_hello();
    let mut damaged = hello.clone();
    damaged[5] ^= 0xff;
    let large = b"\x16\x03\x01\xff\xff".to_vec();
    for bytes in [damaged, large, vec![0; 600], hello[5..].to_vec()] {
        let mut socket = plain(world)?;
        let _ = socket.write_all(&bytes);
        let _ = socket.shutdown(Shutdown::Write);
        let mut said = Vec::new();
        // An end with a reset is an end.
        let read = socket.read_to_end(&mut said);
        if read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            return Err(Finding::wrong(
                "noise, and the end of it, and the server waits on",
            ));
        }
    }
    still_answers(world)
}

fn plain_http(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send(world.hello().as_bytes());
    match client.answer() {
        Ok(answer) if answer.status == 400 => match client.wait_for_end() {
            Some(_) => Ok(()),
            None => Err(Finding::allowed("a 400, and the connection stays open")),
        },
        Ok(answer) if (200..=299).contains(&answer.status) => Err(Finding::wrong(
            "it serves its pages in plain text on the port of TLS",
        )),
        Ok(answer) => Err(Finding::allowed(format!("it says {}", answer.status))),
        Err(_) if client.end().is_none() => Err(Finding::wrong(
            "it says nothing, and the connection stays open: a browser would wait",
        )),
        Err(_) => Err(Finding::allowed(
            "it closes without a word that the client could read; a 400 in plain text would say why",
        )),
    }
}

fn goodbye(world: &World) -> Verdict {
    let mut client = TlsClient::connect(world)?;
    client.send(world.request("GET", "/", "Connection: close\r\n"))?;
    client.answer()?;
    match client.end() {
        Some(TlsEnd::Goodbye) => Ok(()),
        Some(end) => Err(Finding::wrong(format!(
            "no close_notify before the end: {end:?}"
        ))),
        None => Err(Finding::wrong(
            "the connection stays open, though the client said close",
        )),
    }
}

fn cut_body(world: &World) -> Verdict {
    let post = |length: usize, body: &str| {
        world.request("POST", "/echo", &format!("Content-Length: {length}\r\n")) + body
    };
    let mut whole = TlsClient::connect(world)?;
    whole.send(post(2, "hi"))?;
    if whole.answer()?.body != b"hi" {
        return Err(Finding::not_applicable("the server has no POST /echo"));
    }
    drop(whole);
    let mut client = TlsClient::connect(world)?;
    client.send(post(10, "hello"))?;
    client.note("the client ends the connection without a goodbye");
    let _ = client.stream.sock.shutdown(Shutdown::Write);
    match client.answer() {
        Ok(answer) if (200..=299).contains(&answer.status) => Err(Finding::wrong(
            "half a body was answered as if it were a whole one",
        )),
        _ => Ok(()),
    }
}

fn one_record(world: &World) -> Verdict {
    let mut client = TlsClient::connect(world)?;
    client.send(world.hello().repeat(2))?;
    if client.answer()?.says_close() {
        return Err(Finding::not_applicable(
            "the server closes after each answer",
        ));
    }
    client.answer().map(drop)
}

fn alpn(world: &World) -> Verdict {
    let offering = |names: &[&str]| {
        let mut config = config(&VERSIONS);
        config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        let mut client = TlsClient::silent(world, Arc::new(config))?;
        let shaken = client.shake().is_ok();
        let agreed = client.stream.conn.alpn_protocol().map(<[u8]>::to_vec);
        Ok::<_, Finding>((shaken, agreed))
    };
    match offering(&["unknown/1", "http/1.1"])? {
        (true, Some(agreed)) if agreed == b"http/1.1" => {}
        (true, None) => return Err(Finding::allowed("it does not say which HTTP it speaks")),
        (_, agreed) => {
            return Err(Finding::wrong(format!(
                "http/1.1 was offered, and agreed on: {agreed:?}"
            )));
        }
    }
    match offering(&["unknown/1"])? {
        (false, _) => Ok(()),
        (true, None) => Err(Finding::Should(
            "a client that cannot speak its HTTP is let in".to_owned(),
        )),
        (true, Some(_)) => Err(Finding::wrong(
            "it agrees to a protocol that it cannot know",
        )),
    }
}

fn resumption(world: &World) -> Verdict {
    let config = Arc::new(config(&VERSIONS));
    for _ in 0..2 {
        let mut client = TlsClient::with(world, Arc::clone(&config))?;
        client.send(world.request("GET", "/", "Connection: close\r\n"))?;
        client.answer()?;
        client.end();
        if client.stream.conn.handshake_kind() == Some(HandshakeKind::Resumed) {
            return Ok(());
        }
    }
    Err(Finding::allowed("everything is agreed on anew each time"))
}
