//! Answers to several questions, side by side.

use std::time::Instant;

use crate::answer::{Answer, Framing};
use crate::outcome::{Finding, Verdict};
use crate::world::World;

/// Of an answer to a good request, of one to a page that does not exist, and of a refusal.
pub(super) fn well_formed(world: &World) -> Verdict {
    let nowhere = world.request("GET", "/no-such-page-here", "");
    for question in [&world.hello(), &nowhere, "GET / HTTP/1.1\r\n\r\n"] {
        let mut client = world.connect()?;
        let _ = client.send(question.as_bytes());
        // Whether there is an answer at all is the question of other probes.
        let Ok(answer) = client.answer() else {
            continue;
        };
        if let Some(fault) = answer.faults.first() {
            return Err(Finding::wrong(fault.clone()));
        }
    }
    Ok(())
}

pub(super) fn head_method(world: &World) -> Verdict {
    let get_answer = world.ask(world.hello())?;
    let mut client = world.connect()?;
    let question = world.request("HEAD", "/", "Connection: close\r\n");
    let _ = client.send(question.as_bytes());
    let head: Answer = client.next_answer(true)?;
    if !(200..300).contains(&head.status) {
        return Err(Finding::wrong(format!("wanted 2xx, got {}", head.status)));
    }
    // What follows the head comes with it, or never.
    client.wait_until(Instant::now() + world.patience / 3);
    let extra = client.received().len();
    if extra > 0 {
        return Err(Finding::wrong(format!(
            "{extra} bytes of body follow the head"
        )));
    }
    match (
        head.field("content-length"),
        get_answer.field("content-length"),
    ) {
        (Some(head), get) if Some(head) != get && is_steady(world, &get_answer)? => {
            Err(Finding::wrong(format!(
                "HEAD says Content-Length: {head}, GET says {}",
                get.unwrap_or("nothing")
            )))
        }
        (None, Some(_)) => Err(Finding::Allowed(
            "HEAD leaves Content-Length out".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Whether `/` is as long as it was: a page that changes cannot be compared.
fn is_steady(world: &World, before: &Answer) -> Result<bool, Finding> {
    let again = world.unrecorded().ask(world.hello())?;
    Ok(again.body.len() == before.body.len())
}

pub(super) fn refusal(world: &World) -> Verdict {
    let answer = world.ask(b"GET / HTTP/1.1\r\n\r\n")?;
    if answer.status < 400 {
        return Err(Finding::NotApplicable(format!(
            "it does not refuse a request without Host: got {}",
            answer.status
        )));
    }
    if answer.lone_line_feed {
        return Err(Finding::wrong("a line of the head ends with LF alone"));
    }
    if answer.framing == Framing::UntilClose && !answer.says_close() {
        return Err(Finding::Should(
            "neither Content-Length nor `Connection: close`".to_owned(),
        ));
    }
    match (answer.field("date"), answer.body.is_empty()) {
        (None, _) => Err(Finding::wrong("the refusal has no Date")),
        (_, true) => Err(Finding::Allowed(
            "it does not say what was wrong".to_owned(),
        )),
        _ => Ok(()),
    }
}
