//! Who waits for whom: a slow or silent client, a slow application, and the client behind it.

use std::time::{Duration, Instant};

use crate::client::{Client, End, wait_for_any};
use crate::outcome::{Finding, Verdict};
use crate::probe::{Flags, Needs, Probe};
use crate::probes::deadlines::SHORT_DEADLINES_ALONE;
use crate::probes::group::Group;
use crate::world::World;

/// The source of what no standard asks for: the thesis of this course is about waiting, and the
/// standards leave that to the server.
pub(crate) const OURS: &str = "This course asks";

pub(super) const GROUP: Group = Group {
    name: "waiting",
    title: "Who waits for whom",
    probes: &[
        Probe::behaviour(
            "silent-client",
            "a client says nothing; a second one asks",
            silent_client,
        )
        .asks(
            OURS,
            "A client that says nothing may not hold up another one; RFC 9112 §9.5 allows \
             timeouts and requires none.",
        )
        .explained_in(1)
        .flags(SHORT_DEADLINES_ALONE)
        .question(
            "One client connects and says nothing. A second one connects and sends a whole \
             request. When is the second one answered?",
        ),
        Probe::behaviour(
            "dripping-client",
            "a client drips its head byte by byte without end; a second one asks",
            dripping_client,
        )
        .asks(
            OURS,
            "A deadline for the whole head stops a client for whom each single byte is in time; \
             RFC 9112 §9.5 allows timeouts and requires none.",
        )
        .flags(SHORT_DEADLINES_ALONE)
        .question(
            "One client sends a byte of its head now and then, and never ends. A second one \
             sends a whole request. When is the second one answered?",
        ),
        Probe::behaviour(
            "dripping-body",
            "a client drips its body byte by byte; a second one asks",
            dripping_body,
        )
        .asks(
            OURS,
            "A body arrives at some minimum rate, or its client holds the server for ever; \
             RFC 9110 §15.5.9 has a status for it, and leaves the time to the server.",
        )
        .explained_in(3)
        .needs(Needs::Route("POST", "/echo"))
        .flags(&[Flags {
            from: 3,
            to: 4,
            words: "--body-timeout 0.4 --head-timeout 0.4 --drain-timeout 0.4",
        }])
        .question(
            "One client promises a long body and sends a byte of it now and then. A second one \
             sends a whole request. When is the second one answered?",
        ),
        Probe::behaviour(
            "deaf-client",
            "a client asks for a long answer and never reads it; a second one asks",
            deaf_client,
        )
        .asks(
            OURS,
            "Sending needs a deadline as well: a client that does not read fills every buffer; \
             RFC 9112 §9.5 allows timeouts and requires none.",
        )
        .explained_in(3)
        .needs(Needs::Route("GET", "/stream?n=1&ms=0"))
        .flags(&[Flags {
            from: 3,
            to: 4,
            words: "--write-timeout 0.4 --drain-timeout 0.4",
        }])
        .question(
            "One client asks for a very long answer and reads none of it. A second one sends a \
             whole request. When is the second one answered?",
        ),
        Probe::behaviour(
            "slow-application",
            "the application takes its time over one request; a second client asks",
            slow_application,
        )
        .asks(
            "The third part of a server, the waiting",
            "A client should not wait for the work that is done for another one.",
        )
        .explained_in(1)
        .flags(&[Flags {
            from: 1,
            to: 2,
            words: "--delay 0.8",
        }])
        .question(
            "One client asks for something that takes a while. A second one asks for `/`. \
             When is the second one answered?",
        ),
        Probe::behaviour(
            "newest-first",
            "several clients are connected, and the newest asks first",
            newest_first,
        )
        .asks(
            "The third part of a server, the waiting",
            "Clients are answered in the order in which they ask, not in which they connect.",
        )
        .explained_in(1)
        .flags(&[Flags {
            from: 2,
            to: 4,
            words: "--head-timeout 0.3 --drain-timeout 0.3",
        }])
        .question(
            "Four clients connect and say nothing yet. Then the newest one asks. \
             Who is served first?",
        ),
    ],
};

fn silent_client(world: &World) -> Verdict {
    let first = world.connect()?;
    first.note("says nothing");
    let second = asking(world)?;
    world.contest(first, second, |_| Ok(()))
}

fn dripping_client(world: &World) -> Verdict {
    let mut first = world.connect()?;
    // The server may be gone after each drop: the contest sees it.
    let _ = first.send(b"GET / HTTP/1.1\r\nHost: drip\r\nX-Drip: ");
    let second = asking(world)?;
    world.contest(first, second, |first| {
        let _ = first.send(b".");
        refused_or_unanswered(first)
    })
}

fn dripping_body(world: &World) -> Verdict {
    let mut first = world.connect()?;
    let head = world.request("POST", "/echo", "Content-Length: 100000\r\n");
    let _ = first.send(head.as_bytes());
    let second = asking(world)?;
    world.contest(first, second, |first| {
        let _ = first.send(b".");
        let streams = Finding::not_applicable("its echo answers while it reads");
        refused_or_unanswered(first).map_err(|_| streams)
    })
}

/// A client whose request is not whole may be refused (408), but not served.
fn refused_or_unanswered(client: &mut Client) -> Verdict {
    match client.received() {
        [] => Ok(()),
        bytes if bytes.starts_with(b"HTTP/1.1 4") || bytes.starts_with(b"HTTP/1.0 4") => Ok(()),
        _ => Err(Finding::wrong("it answers before the head is whole")),
    }
}

/// The first client never reads, so its own look at the connection cannot read either.
fn deaf_client(world: &World) -> Verdict {
    world.must_count_lines()?;
    let mut first = world.connect_narrow()?;
    let request = world.request("GET", "/stream?n=100000000&ms=0", "");
    let _ = first.send(request.as_bytes());
    first.note("reads nothing");
    let mut second = asking(world)?;
    let until = Instant::now() + world.hold;
    while second.take_answer(false)?.is_none() {
        if Instant::now() >= until {
            first.reset();
            second.answer()?;
            return Err(Finding::Stalls);
        }
        wait_for_any(&[&second], Duration::from_millis(25));
    }
    if first.is_cut_off() {
        return Err(Finding::Waits);
    }
    // Either the server still holds the first one, and goes on when it reads at last; or it has
    // given it up, and the end stands behind what the kernel has buffered.
    match first.discard(16 * 1024 * 1024) {
        None => Ok(()),
        Some(End::Reset) => Err(Finding::Waits),
        Some(End::Closed) => Err(Finding::wrong(
            "the answer that was given up halfway ends like a whole one",
        )),
    }
}

fn slow_application(world: &World) -> Verdict {
    // The lessons before the application sleep in the server, by a flag, for every request.
    if !world.launched_with("--delay") && !world.has_route("GET", "/sleep?ms=0")? {
        return Err(Finding::NotApplicable(
            "the server has no GET /sleep?ms=800".to_owned(),
        ));
    }
    let mut first = world.connect()?;
    let question = world.request("GET", "/sleep?ms=800", "");
    let _ = first.send(question.as_bytes());
    let second = asking(world)?;
    world.contest(first, second, |_| Ok(()))
}

/// A second client that has sent its whole request.
fn asking(world: &World) -> Result<Client, Finding> {
    let mut client = world.connect()?;
    // If sending fails, there is no answer either, and that is the finding.
    let _ = client.send(world.hello().as_bytes());
    Ok(client)
}

/// The listen backlog accepts connections for a server that serves one at a time, so that many
/// connections prove nothing. Answers in the opposite order do.
fn newest_first(world: &World) -> Verdict {
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(world.connect()?);
    }
    while let Some(mut newest) = clients.pop() {
        let _ = newest.send(world.hello().as_bytes());
        world.is_served_before(newest, &mut clients)?;
    }
    Ok(())
}
