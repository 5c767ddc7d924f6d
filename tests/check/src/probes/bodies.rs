//! Request bodies: those that nobody reads, and those that wait to be asked for.

use crate::client::{End, NoAnswer};
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::probes::group::Group;
use crate::probes::persistence::plain_echo;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "bodies",
    title: "Bodies",
    probes: &[
        Probe::behaviour("unread-body", "900 KiB of body that nobody reads", unread_body)
            .asks(
                "RFC 9112 §9.6",
                "Closing with unread input resets the connection and may destroy the answer: \
                 half-close, read the rest for a while, close.",
            )
            .curl("head -c 900K /dev/zero | curl -i -H 'Expect:' --data-binary @- {url}/")
            .question(
                "A client sends 900 KiB that the application never reads, and then looks for its \
                 answer. Does it get one?",
            ),
        Probe::behaviour("huge-body", "8 MiB of body, sent whole before the answer is read", huge_body)
            .asks(
                "RFC 9110 §15.5.14",
                "A body that is too large is refused with 413, and the client gets to read that: no reset.",
            )
            .curl("head -c 8M /dev/zero | curl -i -H 'Expect:' --data-binary @- {url}/")
            .question(
                "A client sends 8 MiB, more than most servers take, and reads only afterwards. \
                 What does it get to read?",
            ),
        Probe::behaviour("body-cut", "a client that leaves in the middle of its body", body_cut)
            .asks(
                "RFC 9112 §8",
                "A body that ends too early is an incomplete request, and the end of one connection.",
            )
            .question("A client promises 1000 bytes, sends 3 and leaves. What happens to the server?"),
        Probe::behaviour("expect-continue", "a body that is sent only after 100 Continue", expect_continue)
            .asks(
                "RFC 9110 §10.1.1",
                "To `Expect: 100-continue` a server answers 100 or a final status, and does not wait for the body.",
            )
            .explained_in(3)
            .curl("curl -i -H 'Expect: 100-continue' -d hello {url}/echo")
            .question(
                "A client sends a head with `Expect: 100-continue` and keeps its body back. \
                 Who speaks next?",
            ),
    ],
};

fn unread_body(world: &World) -> Verdict {
    match write_then_read(world, 900 * 1024)? {
        // Whether `/` takes a POST is the server's business.
        status @ (500 | 502..=599) => Err(Finding::wrong(format!("got {status}"))),
        _ => Ok(()),
    }
}

fn huge_body(world: &World) -> Verdict {
    match write_then_read(world, 8 * 1024 * 1024)? {
        413 => Ok(()),
        status => Err(Finding::Allowed(format!(
            "wanted 413, got {status}: its limit is higher, if it has one"
        ))),
    }
}

/// Writes everything, and only then reads: the status, and no reset on the way.
fn write_then_read(world: &World, length: usize) -> Result<u16, Finding> {
    let mut client = world.connect()?;
    let fields = format!("Content-Length: {length}\r\n");
    let _ = client.send(world.request("POST", "/", &fields).as_bytes());
    let sent = client.send(&vec![0; length]);
    // On Linux what arrived before a reset can still be read.
    let answer = client.answer();
    client.wait_for_end();
    match (answer, sent.is_err() || client.end() == Some(End::Reset)) {
        (Ok(answer), false) => Ok(answer.status),
        (Ok(answer), true) => Err(Finding::Should(format!(
            "the connection was reset: the {} arrived here, but a slower client would lose it",
            answer.status
        ))),
        // RFC 9112 §9.6 says "typically", and not MUST.
        (Err(NoAnswer::Ended(End::Reset)), _) => Err(Finding::Should(
            "the connection was reset before an answer was whole".to_owned(),
        )),
        (Err(reason), _) => Err(reason.into()),
    }
}

fn body_cut(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let head = world.request("POST", "/echo", "Content-Length: 1000\r\n");
    let _ = client.send(head.as_bytes());
    let _ = client.send(b"abc");
    client.finish_sending();
    if client.wait_for_end().is_none() && client.received().is_empty() {
        return Err(Finding::Should(
            "the server goes on waiting for a body that cannot come".to_owned(),
        ));
    }
    Ok(())
}

fn expect_continue(world: &World) -> Verdict {
    let plain = plain_echo(world)?;
    let mut client = world.connect()?;
    let fields = "Content-Length: 5\r\nExpect: 100-continue\r\n";
    let _ = client.send(world.request("POST", "/echo", fields).as_bytes());
    let first = client.next_answer(false)?;
    if first.status != 100 {
        return Err(Finding::NotApplicable(format!(
            "it answers {} without asking for the body, which RFC 9110 §10.1.1 allows",
            first.status
        )));
    }
    let _ = client.send(b"hello");
    let answer = client.answer()?;
    match (answer.status, answer.body.as_slice()) {
        (200, b"hello") => Ok(()),
        (_, body) if body == plain.body && body != b"hi" => Err(Finding::not_applicable(
            "the server has no POST /echo: it answers every body alike",
        )),
        (status, _) => Err(Finding::wrong(format!(
            "wanted 200 and `hello`, got {status} and {:?}",
            answer.text()
        ))),
    }
}
