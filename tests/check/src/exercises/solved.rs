//! What it means that an exercise is solved: a probe for each.

use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::outcome::{Finding, Verdict};
use crate::world::World;

pub(super) fn tells_the_client_who_it_is(world: &World) -> Verdict {
    for _ in 0..2 {
        let mut client = world.connect()?;
        let own = client.local_address();
        let own = own.map_err(|error| Finding::wrong(error.to_string()))?;
        let _ = client.send(world.hello().as_bytes());
        let body = client.answer()?.text();
        if !body.contains(&own.to_string()) {
            return Err(Finding::wrong(format!("{own} is not in the body {body:?}")));
        }
    }
    Ok(())
}

pub(super) fn drops_the_silent_client(world: &World) -> Verdict {
    let first = world.connect()?;
    first.note("says nothing");
    let mut second = world.connect()?;
    let _ = second.send(world.hello().as_bytes());
    // The task says a second. This is generous to a busy machine, and clearly not five.
    let time = Duration::from_millis(3500);
    match world.contest_for(time, first, second, |_| Ok(())) {
        Err(Finding::Stalls) => Err(Finding::wrong(
            "the silent client is still there after 3.5 s, and the next one has waited for it",
        )),
        // Served at once, or after the silent one was dropped: both solve it.
        Ok(()) | Err(Finding::Waits) => Ok(()),
        Err(finding) => Err(finding),
    }
}

pub(super) fn knows_which_page_exists(world: &World) -> Verdict {
    let status = |target: &str| world.ask(world.request("GET", target, ""));
    expect(&status("/")?, 200)?;
    expect(&status("/nowhere")?, 404)?;
    expect(&status("/?page=2")?, 200)?;
    // The path of this target is empty, which means `/` (RFC 9110 §4.2.3).
    expect(&status(&format!("http://{}", world.address()))?, 200)
}

pub(super) fn answers_the_user_agent(world: &World) -> Verdict {
    for (fields, body) in [
        ("User-Agent: check/1.0 (a probe)\r\n", "check/1.0 (a probe)"),
        ("user-agent: lower\r\n", "lower"),
        ("", "unknown"),
    ] {
        let answer = world.ask(world.request("GET", "/agent", fields))?;
        expect(&answer, 200)?;
        expect_body(&answer, body)?;
    }
    Ok(())
}

pub(super) fn asks_for_a_password(world: &World) -> Verdict {
    for fields in ["", "Authorization: Basic d3Jvbmc6d3Jvbmc=\r\n"] {
        let answer = world.ask(world.request("GET", "/", fields))?;
        expect(&answer, 401)?;
        let challenge = answer.field("www-authenticate").unwrap_or("");
        if !challenge.starts_with("Basic") {
            return Err(Finding::wrong("a 401 needs WWW-Authenticate: Basic"));
        }
    }
    let fields = "Authorization: Basic dXNlcjpwYXNz\r\n";
    let answer = world.ask(world.request("GET", "/", fields))?;
    expect(&answer, 200)?;
    expect_body(&answer, "Hello, World!")
}

pub(super) fn counts_lines(world: &World) -> Verdict {
    let line = [b"0123456789abcdef".repeat(4), b"\n".to_vec()].concat();
    let body = line.repeat(900 * 1024 / line.len());
    let lines = body.len() / line.len();
    let mut client = world.connect()?;
    let fields = format!("Content-Length: {}\r\n", body.len());
    let _ = client.send(world.request("POST", "/lines", &fields).as_bytes());
    for (number, piece) in body.chunks(64 * 1024 - 1).enumerate() {
        // A server that has answered already does not read on.
        if client.send(piece).is_err() {
            break;
        }
        if number == 0 {
            client.wait_until(Instant::now() + world.patience / 50);
        }
    }
    let answer = client.answer()?;
    expect(&answer, 200)?;
    expect_body(&answer, &lines.to_string())
}

pub(super) fn greets_by_name(world: &World) -> Verdict {
    for (target, words) in [
        ("/hello/World", "Hello, World!"),
        ("/hello/J%C3%BCrgen", "Hello, Jürgen!"),
        ("/hello/%3Cb%3E%26", "Hello, &lt;b&gt;&amp;!"),
    ] {
        let answer = world.ask(world.request("GET", target, ""))?;
        expect(&answer, 200)?;
        let kind = answer.field("content-type").unwrap_or("");
        if !kind.starts_with("text/html") {
            return Err(Finding::wrong(format!("wanted text/html, got {kind:?}")));
        }
        if !answer.text().contains(words) {
            return Err(Finding::wrong(format!(
                "{target}: {words:?} is not in {:?}",
                answer.text()
            )));
        }
    }
    Ok(())
}

pub(super) fn keeps_a_collection(world: &World) -> Verdict {
    let post = |body: &str| {
        let fields = format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        world.ask(world.request("POST", "/items", &fields) + body)
    };
    for (title, place) in [("x", "/items/1"), ("y", "/items/2")] {
        let answer = post(&format!("{{\"title\": \"{title}\"}}"))?;
        expect(&answer, 201)?;
        if answer.field("location") != Some(place) {
            return Err(Finding::wrong(format!("a 201 needs Location: {place}")));
        }
    }
    let item = world.ask(world.request("GET", "/items/1", ""))?;
    expect(&item, 200)?;
    let text: String = item.text().split_whitespace().collect();
    if !text.contains("\"title\":\"x\"") {
        return Err(Finding::wrong(format!("no title x in {:?}", item.text())));
    }
    expect(&world.ask(world.request("GET", "/items/99", ""))?, 404)?;
    expect(&post("this is not JSON")?, 400)
}

pub(super) fn leads_to_https(world: &World) -> Verdict {
    for (host, method, target, place) in [
        (
            "www.cherrypy.example",
            "GET",
            "/",
            "https://www.cherrypy.example/",
        ),
        (
            "localhost:8080",
            "GET",
            "/a%20b?c=d&e",
            "https://localhost/a%20b?c=d&e",
        ),
        ("localhost", "POST", "/echo", "https://localhost/echo"),
        ("[::1]:8080", "GET", "/", "https://[::1]/"),
        ("[::1]", "GET", "/", "https://[::1]/"),
        (
            "x.example",
            "GET",
            "http://x.example/y?z=/a",
            "https://x.example/y?z=/a",
        ),
    ] {
        let question = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        );
        let answer = world.ask(question)?;
        expect(&answer, 308)?;
        let location = answer.field("location").unwrap_or("nowhere");
        if location != place {
            return Err(Finding::wrong(format!("wanted {place}, got {location}")));
        }
    }
    Ok(())
}

pub(super) fn knows_two_names(world: &World) -> Verdict {
    let page = |host: &str, target: &str| {
        let fields = "Connection: close";
        world.ask(format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n\r\n"
        ))
    };
    for host in ["blog.localhost", "blog.localhost:8888", "Blog.LocalHost"] {
        let front = page(host, "/")?;
        expect(&front, 200)?;
        if !front.text().contains("A blog") || front.text().contains("/blog/") {
            return Err(Finding::wrong(format!("{host}: {:?}", front.text())));
        }
        expect(&page(host, "/environ")?, 404)?;
    }
    for host in ["localhost", "blog.localhost.example", "xblog.localhost"] {
        expect_body(&page(host, "/")?, "Hello, World!")?;
    }
    Ok(())
}

pub(super) fn expect(answer: &Answer, status: u16) -> Verdict {
    match answer.status == status {
        true => Ok(()),
        false => Err(Finding::wrong(format!(
            "wanted {status}, got {}",
            answer.status
        ))),
    }
}

pub(super) fn expect_body(answer: &Answer, body: &str) -> Verdict {
    match answer.text().trim_end() == body {
        true => Ok(()),
        false => Err(Finding::wrong(format!(
            "wanted the body {body:?}, got {:?}",
            answer.text()
        ))),
    }
}
