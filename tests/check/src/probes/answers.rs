//! What every answer must be, whatever the question was.

mod compared;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::answer::Framing;
use crate::case::Closes;
use crate::outcome::{Finding, Verdict};
use crate::probe::Probe;
use crate::probes::group::Group;
use crate::probes::imf_fixdate::imf_fixdate;
use crate::world::World;

use compared::{head_method, refusal, well_formed};

pub(super) const GROUP: Group = Group {
    name: "answers",
    title: "Answers",
    probes: &[
        Probe::behaviour(
            "line-ends",
            "every line of the head ends with CRLF",
            line_ends,
        )
        .asks(
            "RFC 9112 §2.1",
            "Lines end with CR LF; a lone LF is only a leniency of some readers.",
        )
        .explained_in(1)
        .curl("curl -si {url}/ | head -1 | od -c")
        .question("Does each line of the answer's head end with CR LF?"),
        Probe::behaviour(
            "well-formed",
            "fields are well formed, and one length is said once",
            well_formed,
        )
        .asks(
            "RFC 9112 §5",
            "A field is a name, a colon right behind it, and a value; two lengths are none.",
        )
        .explained_in(1)
        .question("Is every field of the answer a name, a colon and a value?"),
        Probe::behaviour(
            "body-end",
            "the client can tell where the body ends",
            body_end,
        )
        .asks(
            "RFC 9112 §6.3",
            "Content-Length, chunked or the end of the connection tell where a body ends.",
        )
        .explained_in(1)
        .curl("curl -i {url}/")
        .question("How does the client know where the body ends?"),
        Probe::behaviour(
            "close-said",
            "who closes says so: Connection: close",
            close_said,
        )
        .asks(
            "RFC 9112 §9.6",
            "A server that closes after its answer says `Connection: close` in it.",
        )
        .explained_in(1)
        .curl("curl -i {url}/ {url}/")
        .question("Does the connection stay open after the answer, and does the answer say so?"),
        Probe::behaviour("date", "the Date is there, well formed and now", date)
            .asks(
                "RFC 9110 §6.6.1",
                "A server with a clock sends `Date` in the form `Sun, 06 Nov 1994 08:49:37 GMT`.",
            )
            .curl("curl -si {url}/ | grep -i '^date'")
            .question("Does the answer say when it was made?"),
        Probe::behaviour(
            "head-method",
            "HEAD gets the head of GET and no body",
            head_method,
        )
        .asks(
            "RFC 9110 §9.3.2",
            "An answer to HEAD has no body, and the Content-Length of GET's answer if it has one.",
        )
        .curl("curl -I -H 'Connection: close' {url}/")
        .question("A client sends HEAD instead of GET. Will there be a body?"),
        Probe::behaviour("refusal", "a refusal is a whole answer, too", refusal)
            .asks(
                "RFC 9110 §15.5",
                "A 4xx answer says what is wrong, has a body with an end and CRLF line ends, and a Date, which is a MUST for a server with a clock (§6.6.1).",
            )
            .curl("curl -i -H 'Host:' {url}/")
            .question("A request without Host is refused. What else does the answer hold, besides 400?"),
        Probe::case(
            "http-1.0",
            "an HTTP/1.0 request without keep-alive: answer, then close",
            b"GET / HTTP/1.0\r\n\r\n",
            &[200],
        )
        .closes(Closes::Must(
            "an HTTP/1.0 client did not ask to stay, and the connection stays open: it waits for ever",
        ))
        .asks(
            "RFC 9112 §9.3",
            "After an HTTP/1.0 request without keep-alive the connection closes.",
        )
        .explained_in(1)
        .curl("curl -i --http1.0 -H 'Host:' {url}/"),
        Probe::case(
            "connection-close",
            "`Connection: Close`, in any case of letters",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Close\r\n\r\n",
            &[200],
        )
        .closes(Closes::Must("`close` was ignored: the connection stays open"))
        .asks(
            "RFC 9112 §9.6",
            "A client that says `close` gets one answer, then the end.",
        )
        .explained_in(1)
        .curl("curl -i -H 'Connection: Close' {url}/"),
        Probe::case(
            "connection-list",
            "`close` in a list of connection options",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: x-thing, close\r\n\r\n",
            &[200],
        )
        .closes(Closes::Must("`close` was ignored: the connection stays open"))
        .asks(
            "RFC 9110 §7.6.1",
            "Connection holds a list; `close` anywhere in it means close.",
        )
        .explained_in(1)
        .curl("curl -i -H 'Connection: x-thing, close' {url}/"),
    ],
};

fn line_ends(world: &World) -> Verdict {
    match world.ask(world.hello())?.lone_line_feed {
        true => Err(Finding::wrong("a line of the head ends with LF alone")),
        false => Ok(()),
    }
}

fn body_end(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send(world.hello().as_bytes());
    // An answer counts as whole only when its framing says so; `UntilClose` needs the close.
    let answer = client.answer()?;
    if answer.framing == Framing::UntilClose && !answer.says_close() {
        return Err(Finding::Should(
            "neither Content-Length nor `Connection: close`: a cut answer looks complete"
                .to_owned(),
        ));
    }
    if matches!(answer.framing, Framing::Length(_)) && !client.received().is_empty() {
        return Err(Finding::wrong("more bytes follow than Content-Length says"));
    }
    Ok(())
}

fn close_said(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let _ = client.send(world.hello().as_bytes());
    let answer = client.answer()?;
    if answer.says_close() {
        return match world.ends(&mut client) {
            true => Ok(()),
            false => Err(Finding::wrong(
                "it says close and keeps the connection open",
            )),
        };
    }
    let again = client.send(world.hello().as_bytes());
    match again.is_ok() && client.answer().is_ok() {
        true => Ok(()),
        false => Err(Finding::Should(
            "it closes after the answer and did not say `Connection: close`".to_owned(),
        )),
    }
}

fn date(world: &World) -> Verdict {
    let answer = world.ask(world.hello())?;
    let text = answer
        .field("date")
        .ok_or_else(|| Finding::wrong("the answer has no Date"))?;
    let said = imf_fixdate(text)
        .ok_or_else(|| Finding::wrong(format!("Date is no IMF-fixdate: {text:?}")))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is no clock to compare with.
    let now = now.map_or(0, |since| since.as_secs());
    match said.abs_diff(now) {
        0..=600 => moves(world, text),
        apart => Err(Finding::wrong(format!(
            "Date is {apart} seconds away from now: {text:?}"
        ))),
    }
}

/// A server that has looked at its clock only once tells the right time, too, when it is young.
fn moves(world: &World, first: &str) -> Verdict {
    let world = world.unrecorded();
    let until = Instant::now() + world.patience.max(Duration::from_secs(3));
    while Instant::now() < until {
        world.pause(Duration::from_millis(100));
        match world.ask(world.hello()) {
            Ok(again) if again.field("date") == Some(first) => {}
            // Whether it answers a second time is asked elsewhere.
            _ => return Ok(()),
        }
    }
    Err(Finding::wrong(format!("Date stands still: {first:?}")))
}
