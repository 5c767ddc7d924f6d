//! Ordinary and hasty visitors: whatever one of them does, the next one is served.

use std::time::{Duration, Instant};

use crate::client::Client;
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::probes::group::Group;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "visitors",
    title: "Visitors",
    probes: &[
        Probe::behaviour("hello", "one request, one answer", hello)
            .asks(
                "RFC 9110 §15.3",
                "A request that is understood gets an answer whose status begins with 2.",
            )
            .explained_in(1)
            .curl("curl -i {url}/")
            .question("A client asks for `/`. What does it get?"),
        Probe::behaviour(
            "connect-and-close",
            "a client connects and leaves",
            connect_and_close,
        )
        .asks(
            "RFC 9112 §9.5",
            "A client MAY close at any time; browsers do it all day.",
        )
        .explained_in(1)
        .question("A client connects, says nothing and leaves. What happens to the server?"),
        Probe::behaviour(
            "reset-after-half-head",
            "a client resets the connection in the middle of its head",
            reset_after_half_head,
        )
        .asks(
            "RFC 9112 §8",
            "A request may be canceled at any byte; that is the end of one connection, not of a server.",
        )
        .explained_in(1)
        .question("A client sends half a head, then its machine resets the connection. Does the server survive?"),
        Probe::behaviour(
            "head-in-two-writes",
            "a head that arrives in two pieces",
            head_in_two_writes,
        )
        .asks(
            "RFC 9112 §2.2",
            "A request is complete at its empty line, not at the end of a packet.",
        )
        .question(
            "A client sends half a request and pauses, then sends the other half. \
             After which half does the server answer?",
        ),
        Probe::behaviour(
            "head-byte-by-byte",
            "a head that arrives byte by byte",
            head_byte_by_byte,
        )
        .asks(
            "RFC 9112 §2.2",
            "TCP carries bytes, not messages: a request may arrive in any number of pieces.",
        )
        .question("A client sends its request byte by byte. After which byte does the server answer?"),
        Probe::behaviour(
            "half-close",
            "a client that says it will send no more still gets its answer",
            half_close,
        )
        .asks(
            "RFC 9112 §9.6",
            "One direction of a connection can end while the other goes on.",
        )
        .explained_in(1)
        .question("A client sends a request and closes only its sending half. Does it get its answer?"),
    ],
};

fn hello(world: &World) -> Verdict {
    match world.ask(world.hello())?.status {
        200..=299 => Ok(()),
        status => Err(Finding::wrong(format!("wanted 2xx, got {status}"))),
    }
}

/// That the next client is served is asked after every probe.
fn connect_and_close(world: &World) -> Verdict {
    world.connect()?.leave();
    Ok(())
}

/// What the server sees depends on what it is doing when the reset comes: an error of accept, of
/// the first recv, of a later one, of send. So it comes at several moments, several times.
fn reset_after_half_head(world: &World) -> Verdict {
    let half = b"GET / HTTP/1.1\r\nHost: loc";
    for _ in 0..4 {
        // Behind another client: it has come and gone before it is accepted. For a server that
        // serves one at a time this is no matter of luck.
        let first = world.connect()?;
        rude(world, &half[..])?.reset();
        first.leave();
        // Before the server has read anything.
        rude(world, &half[..])?.reset();
        // While it waits for the other half: its `recv` returned once.
        let mut client = rude(world, &half[..])?;
        client.wait_until(Instant::now() + Duration::from_millis(20));
        client.reset();
        // With all of it read, and its answer on the way.
        let mut client = rude(world, world.hello().as_bytes())?;
        client.wait_until(Instant::now() + Duration::from_millis(20));
        client.reset();
        if world.has_exited() {
            break;
        }
    }
    Ok(())
}

/// A client that has sent this. If it fails, the server has closed, and what follows is milder.
fn rude(world: &World, bytes: &[u8]) -> Result<Client, Finding> {
    let mut client = world.connect()?;
    let _ = client.send(bytes);
    Ok(client)
}

fn head_in_two_writes(world: &World) -> Verdict {
    let request = world.hello();
    let (first, second) = request.split_at(request.len() / 2);
    in_pieces(world, &[first.as_bytes(), second.as_bytes()])
}

fn head_byte_by_byte(world: &World) -> Verdict {
    let request = world.hello();
    let bytes: Vec<&[u8]> = request.as_bytes().chunks(1).collect();
    in_pieces(world, &bytes)
}

/// After the first piece there is time enough for the mistake; after the others, a glance.
fn in_pieces(world: &World, pieces: &[&[u8]]) -> Verdict {
    let mut client = world.connect()?;
    let (last, others) = match pieces {
        [others @ .., last] => (last, others),
        [] => return Ok(()),
    };
    let mut pause = world.patience / 8;
    for piece in others {
        // A server that has closed too early is caught by the look at the connection below.
        let _ = client.send(piece);
        client.wait_until(Instant::now() + pause);
        pause = Duration::from_millis(1);
        if !client.received().is_empty() {
            return Err(Finding::wrong("it answers before the head is whole"));
        }
        if client.end().is_some() {
            return Err(Finding::wrong("it closes before the head is whole"));
        }
    }
    let _ = client.send(last);
    match client.answer()?.status {
        200..=299 => Ok(()),
        status => Err(Finding::wrong(format!("wanted 2xx, got {status}"))),
    }
}

fn half_close(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send(world.hello().as_bytes());
    client.finish_sending();
    match client.answer()?.status {
        200..=299 => Ok(()),
        status => Err(Finding::wrong(format!("wanted 2xx, got {status}"))),
    }
}
