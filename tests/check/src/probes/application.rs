//! The application behind the server: it echoes, streams, panics, and its clients leave early.

use std::time::Instant;

use crate::client::NoAnswer;
use crate::outcome::{Finding, Verdict};
use crate::probe::{Needs, Probe};
use crate::probes::group::Group;
use crate::world::World;

pub(super) const GROUP: Group = Group {
    name: "application",
    title: "The application",
    probes: &[
        Probe::behaviour("echo", "the application reads the body", echo)
            .asks("RFC 9112 §6.2", "The body is exactly as long as Content-Length says.")
            .explained_in(3)
            .needs(Needs::Route("POST", "/echo"))
            .curl("curl -i -H 'Connection: close' -d hello {url}/echo")
            .question("The body comes in two pieces. What does the application read?"),
        Probe::behaviour("not-found", "a page that does not exist", not_found)
            .asks("RFC 9110 §15.5.5", "A path that leads nowhere is a 404.")
            .explained_in(3)
            .curl("curl -i {url}/no-such-page-here")
            .question("A client asks for a page that nobody has written. What does it get?"),
        Probe::behaviour("method-not-allowed", "a method that a page does not have", method_not_allowed)
            .asks("RFC 9110 §15.5.6", "A method that a page does not have is a 405, and a 405 MUST say in Allow which it has.")
            .explained_in(4)
            .needs(Needs::Route("GET", "/json"))
            .curl("curl -i -X DELETE {url}/json")
            .question("A client wants to DELETE a page that can only be read. What is the answer?"),
        Probe::behaviour("options", "OPTIONS says what a page can do", options)
            .asks("RFC 9110 §9.3.7", "The answer to OPTIONS names the methods of a page in Allow.")
            .explained_in(4)
            .needs(Needs::Route("GET", "/json"))
            .curl("curl -i -X OPTIONS {url}/json")
            .question("How does a client learn which methods a page has?"),
        Probe::behaviour("streaming", "the first chunk arrives before the last one exists", streaming)
            .asks("PEP 3333, Buffering and Streaming", "Each block is sent before the next one is asked for.")
            .explained_in(3)
            .needs(Needs::Route("GET", "/stream?n=1&ms=0"))
            .curl("curl -iN -H 'Connection: close' '{url}/stream?n=5&ms=150'")
            .question("The application makes a chunk every 150 ms. When does the client see the first one?"),
        Probe::behaviour("early-close", "the client leaves while the server writes", early_close)
            .asks("RFC 9112 §9.5", "A client MAY close at any time, in the middle of an answer too; that costs one connection.")
            .explained_in(3)
            .needs(Needs::Route("GET", "/stream?n=1&ms=0"))
            .curl("curl -s '{url}/stream?n=100000&ms=0' | head -c 100")
            .question("A client asks for a long answer and leaves after the first bytes. What happens to the server?"),
        Probe::behaviour("panic", "the application panics", panic_once)
            .asks("RFC 9110 §15.6.1", "A fault of the application is a 500 for its client, and nobody else's business.")
            .explained_in(3)
            .needs(Needs::Route("GET", "/panic"))
            .curl("curl -i {url}/panic")
            .question("The application panics. What does its client see, and what the next one?"),
        Probe::behaviour("hundred-panics", "the application panics a hundred times", hundred_panics)
            .asks("RFC 9110 §15.6.1", "However often an application fails, the server stays.")
            .explained_in(3)
            .needs(Needs::Route("GET", "/panic"))
            .question("The application panics a hundred times in a row. Is anything left to serve the next client?"),
    ],
};

fn echo(world: &World) -> Verdict {
    let mut client = world.connect()?;
    let fields = "Content-Length: 5\r\nConnection: close\r\n";
    let _ = client.send(world.request("POST", "/echo", fields).as_bytes());
    let _ = client.send(b"he");
    let _ = client.send(b"llo");
    let answer = client.answer()?;
    match (answer.status, answer.body.as_slice()) {
        (200, b"hello") => Ok(()),
        (status, _) => Err(Finding::wrong(format!(
            "wanted 200 and `hello`, got {status} and {:?}",
            answer.text()
        ))),
    }
}

fn not_found(world: &World) -> Verdict {
    match world
        .ask(world.request("GET", "/no-such-page-here", ""))?
        .status
    {
        404 => Ok(()),
        status @ 200..=299 => Err(Finding::NotApplicable(format!(
            "it answers {status} to every path: it has no pages"
        ))),
        // A login page or a redirect is an answer, too.
        status @ 300..=499 => Err(Finding::Allowed(format!("wanted 404, got {status}"))),
        status => Err(Finding::wrong(format!("wanted 404, got {status}"))),
    }
}

fn method_not_allowed(world: &World) -> Verdict {
    let answer = world.ask(world.request("DELETE", "/json", ""))?;
    let allow = answer.field("allow").unwrap_or("");
    match (answer.status, allow.contains("GET")) {
        (405, true) => Ok(()),
        (405, false) => Err(Finding::wrong(format!("GET is not in Allow: {allow:?}"))),
        (status, _) => Err(Finding::Should(format!(
            "wanted 405, got {status}: RFC 9110 §9.1 says SHOULD"
        ))),
    }
}

fn options(world: &World) -> Verdict {
    let answer = world.ask(world.request("OPTIONS", "/json", ""))?;
    let allow = answer.field("allow").unwrap_or("");
    match (answer.status, allow.contains("GET")) {
        (200..=299, true) => Ok(()),
        (200..=299, false) => Err(Finding::Should(format!(
            "GET is not in Allow: {allow:?}; RFC 9110 §9.3.7 says SHOULD"
        ))),
        (status, _) => Err(Finding::Allowed(format!("it answers {status} to OPTIONS"))),
    }
}

/// A ratio of times, not a time: a server that collects all chunks first has its first byte
/// arrive with its last.
fn streaming(world: &World) -> Verdict {
    world.must_count_lines()?;
    let mut client = world.connect()?;
    let start = Instant::now();
    let _ = client.send(
        world
            .request("GET", "/stream?n=5&ms=150", "Connection: close\r\n")
            .as_bytes(),
    );
    let until = start + world.patience;
    let mut first_chunk = None;
    let mut seen = 0;
    let answer = loop {
        let body = crate::answer::parse_head(client.received())
            .ok()
            .flatten()
            .map_or(0, |(_, start)| client.received().len() - start);
        if body > 0 && first_chunk.is_none() {
            first_chunk = Some(start.elapsed());
            seen = body;
        }
        if let Some(answer) = client.take_answer(false)? {
            break answer;
        }
        if Instant::now() >= until {
            break client.answer()?;
        }
        client.wait_until(until);
    };
    let whole = start.elapsed();
    match first_chunk {
        Some(first) if first < whole / 2 && seen < answer.body.len() => Ok(()),
        _ => Err(Finding::wrong(
            "the first chunk arrives together with the last: somebody collects them",
        )),
    }
}

fn early_close(world: &World) -> Verdict {
    world.must_count_lines()?;
    for _ in 0..3 {
        let mut client = world.connect()?;
        let request = world.request("GET", "/stream?n=100000&ms=0", "");
        let _ = client.send(request.as_bytes());
        client.wait_until(Instant::now() + world.patience);
        if client.received().is_empty() {
            return Err(Finding::NotApplicable(format!(
                "nothing of the long answer arrives within {} s (--patience): nobody can leave in its middle",
                world.patience.as_secs_f64()
            )));
        }
        client.reset();
    }
    Ok(())
}

fn panic_once(world: &World) -> Verdict {
    panics(world, 1)
}

fn hundred_panics(world: &World) -> Verdict {
    panics(world, 100)
}

fn panics(world: &World, times: u32) -> Verdict {
    for _ in 0..times {
        let mut client = world.connect()?;
        let _ = client.send(world.request("GET", "/panic", "").as_bytes());
        match client.answer() {
            Ok(answer) if answer.status == 500 => {}
            Ok(answer) => {
                return Err(Finding::Should(format!(
                    "wanted 500, got {}",
                    answer.status
                )));
            }
            Err(NoAnswer::Ended(_)) => {
                return Err(Finding::Should(
                    "it closes without a word: a 500 would tell the client who is at fault"
                        .to_owned(),
                ));
            }
            Err(reason) => return Err(reason.into()),
        }
    }
    world.ask(world.hello()).map(drop)
}
