//! The way out of HTTP: another protocol, through `start_response` and the body.

use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;
use std::time::Instant;

use check::answer::Answer;
use check::client::Client;
use kit::patience::until;
use lesson02::{Settings, Stream};
use lesson03::{
    Application, Behind, Bell, Body, Deployment, Environ, Gateway, Pace, Protocol, StartResponse,
    Transport, Writer, application,
};
use lesson07::{Conversation, House, Papers, PoolSettings, Rules, Step, Upgrader};

use crate::house::{PLAIN, Served, app, expect, expect_close, get, serve, serve_with};

/// Sends every line back in capitals, until one says bye.
#[derive(Default)]
struct Capitals {
    is_over: bool,
}

impl Protocol for Capitals {
    fn name(&self) -> &'static str {
        "capitals"
    }

    fn open(&mut self, _wake: Waker, out: &mut Vec<u8>) {
        out.extend_from_slice(b"WELCOME\n");
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> usize {
        let used = bytes.iter().rposition(|&byte| byte == b'\n');
        let lines = &bytes[..used.map_or(0, |end| end + 1)];
        out.extend(lines.to_ascii_uppercase());
        self.is_over |= lines.ends_with(b"bye\n");
        lines.len()
    }

    fn poll(&mut self, _now: Instant, _out: &mut Vec<u8>) -> Option<Instant> {
        None
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn lost(&mut self) {}
}

/// Gives each connection a thread of its own.
struct Threads;

impl Upgrader for Threads {
    fn protocols(&self) -> &'static str {
        "capitals"
    }

    fn take_over(&self, stream: Box<dyn Stream>, protocol: Box<dyn Protocol>, received: Vec<u8>) {
        thread::spawn(move || drive(stream, protocol, received));
    }
}

fn drive(mut stream: Box<dyn Stream>, mut protocol: Box<dyn Protocol>, mut received: Vec<u8>) {
    let mut out = Vec::new();
    protocol.open(Waker::noop().clone(), &mut out);
    loop {
        let used = protocol.receive(&mut received, &mut out);
        received.drain(..used);
        while !out.is_empty() {
            let sent = stream.write(&out).unwrap();
            out.drain(..sent);
        }
        if protocol.is_over() {
            return;
        }
        let mut piece = [0; 1024];
        match stream.read(&mut piece) {
            Ok(count @ 1..) => received.extend_from_slice(&piece[..count]),
            _ => return protocol.lost(),
        }
    }
}

/// An application that switches, or gets it wrong, and one that tells what to ask for.
fn switching() -> impl Application + 'static {
    app(|path, _, start_response| {
        const SWITCH: &str = "101 Switching Protocols";
        let capitals = || Body::Upgrade(Box::new(Capitals::default()));
        match path {
            "/capitals" => {
                start_response.begin(SWITCH, &[("X-Own", "1"), ("Content-Length", "5")])?;
                Ok(capitals())
            }
            "/101-without-a-protocol" => {
                start_response.begin(SWITCH, &[])?;
                Ok("and now?".into())
            }
            "/protocol-without-a-101" => {
                start_response.begin("200 OK", &[PLAIN])?;
                Ok(capitals())
            }
            "/protocol-without-a-word" => Ok(capitals()),
            "/101-refused-and-ignored" => {
                let _ = start_response.begin(SWITCH, &[]);
                Ok(capitals())
            }
            "/426" => {
                start_response.begin("426 Upgrade Required", &[PLAIN])?;
                Ok("capitals, please".into())
            }
            _ => {
                start_response.begin("200 OK", &[PLAIN])?;
                Ok("fine".into())
            }
        }
    })
}

fn upgrading(app: impl Application + 'static) -> Served {
    let one = PoolSettings {
        threads: 1,
        ..PoolSettings::default()
    };
    let served = serve_with(app, one);
    served.server.set_upgrader(Some(Arc::new(Threads)));
    served
}

const ASKS: &str = "Connection: Upgrade\r\nUpgrade: capitals\r\n";

/// The head of a 101, which has no body whatever follows it.
fn switched(client: &mut Client) -> Answer {
    let answer = client.next_answer(true).unwrap();
    assert_eq!(answer.status, 101, "{answer:?}");
    answer
}

#[track_caller]
fn expect_bytes(client: &mut Client, bytes: &[u8]) {
    until("the protocol has answered", || {
        client.received().len() >= bytes.len()
    });
    assert_eq!(
        String::from_utf8_lossy(client.received()),
        String::from_utf8_lossy(bytes)
    );
}

#[test]
fn a_protocol_takes_over_with_what_the_client_has_sent_behind_its_request() {
    let served = upgrading(switching());
    let mut client = served.ask(get("/capitals", ASKS) + "in the same packet\nand ha");
    let answer = switched(&mut client);
    assert_eq!(answer.field("upgrade"), Some("capitals"));
    assert!(answer.connection("upgrade") && !answer.says_close());
    assert!(answer.field("date").is_some() && answer.field("server").is_some());
    assert_eq!(answer.field("x-own"), Some("1"));
    assert_eq!(answer.field("content-length"), None);
    assert_eq!(answer.field("transfer-encoding"), None);
    client.send(b"lf\nbye\n").unwrap();
    expect_bytes(&mut client, b"WELCOME\nIN THE SAME PACKET\nAND HALF\nBYE\n");
    assert!(client.wait_for_end().is_some());
}

#[test]
fn a_switch_is_the_last_answer_of_several() {
    let served = upgrading(switching());
    let mut client = served.ask(get("/", "") + &get("/capitals", ASKS) + "bye\n");
    assert_eq!(expect(&mut client, 200).text(), "fine");
    switched(&mut client);
    expect_bytes(&mut client, b"WELCOME\nBYE\n");
}

#[test]
fn the_worker_is_free_while_the_protocol_goes_on() {
    let served = upgrading(switching());
    let mut talker = served.ask(get("/capitals", ASKS));
    switched(&mut talker);
    for _ in 0..3 {
        // There is one worker.
        let mut other = served.ask(get("/", "Connection: close\r\n"));
        assert_eq!(expect(&mut other, 200).text(), "fine");
        expect_close(&mut other);
    }
    talker.send(b"still here\nbye\n").unwrap();
    expect_bytes(&mut talker, b"WELCOME\nSTILL HERE\nBYE\n");
    until("both are counted", || {
        served.server.stats().requests.get() == 4
    });
}

/// Notes every status that passes, and forbids switches to those without a ticket.
fn guard(
    inner: impl Application + 'static,
    seen: Arc<Mutex<Vec<String>>>,
) -> impl Application + 'static {
    application(
        move |environ: &mut Environ, start_response: StartResponse| {
            let mut begun = None;
            let mut begin = |status: &str, headers: &[(&str, &str)]| {
                let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
                let headers: Vec<_> = headers.iter().map(own).collect();
                begun = Some((status.to_owned(), headers));
                Ok(Writer::new(&NoWriter))
            };
            let body = inner.respond(environ, StartResponse::new(&mut begin))?;
            let (status, headers) = begun.unwrap();
            seen.lock().unwrap().push(status.clone());
            if matches!(body, Body::Upgrade(_)) && environ.get("HTTP_X_TICKET").is_none() {
                start_response.begin("403 Forbidden", &[PLAIN])?;
                return Ok("no ticket".into());
            }
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            start_response.begin(&status, &headers)?;
            Ok(body)
        },
    )
}

struct NoWriter;

impl lesson03::Sink for NoWriter {
    fn write(&self, _data: &[u8]) -> std::io::Result<()> {
        Err(std::io::Error::other("nobody here writes"))
    }
}

#[test]
fn a_middleware_sees_a_switch_and_can_put_another_answer_in_its_place() {
    let seen = Arc::default();
    let served = upgrading(guard(switching(), Arc::clone(&seen)));
    let mut client = served.ask(get("/capitals", ASKS) + &get("/", ""));
    assert_eq!(expect(&mut client, 403).text(), "no ticket");
    // Nothing was switched: what follows is a request.
    assert_eq!(expect(&mut client, 200).text(), "fine");
    let mut client = served.ask(get("/capitals", &format!("{ASKS}X-Ticket: 1\r\n")));
    switched(&mut client);
    let passed = seen.lock().unwrap().join(", ");
    let switch = "101 Switching Protocols";
    assert_eq!(passed, format!("{switch}, 200 OK, {switch}"));
}

/// Asserts that this request gets a 500, and that the next client is served.
#[track_caller]
fn expect_500(served: &Served, question: &str) {
    let mut client = served.ask(question);
    let answer = expect(&mut client, 500);
    assert!(answer.says_close() && answer.field("upgrade").is_none());
    client.finish_sending();
    assert!(client.wait_for_end().is_some(), "{question}");
    expect(&mut served.ask(get("/", "Connection: close\r\n")), 200);
}

#[test]
fn a_101_and_a_protocol_belong_together() {
    let served = upgrading(switching());
    for path in [
        "/101-without-a-protocol",
        "/protocol-without-a-101",
        "/protocol-without-a-word",
    ] {
        expect_500(&served, &get(path, ASKS));
    }
}

#[test]
fn nobody_is_switched_who_has_not_asked_for_it() {
    let served = upgrading(switching());
    for fields in [
        "",
        "Connection: Upgrade\r\n",
        "Upgrade: capitals\r\n",
        "Connection: keep-alive\r\nUpgrade: capitals\r\n",
        "Connection: Upgrade\r\nUpgrade: tea\r\n",
        "Connection: Upgrade\r\nUpgrade: capitals/2\r\n",
        "Connection: Upgrade\r\nUpgrade: cap, itals\r\n",
        "Connection: Upgrade\r\nUpgrade:\r\n",
    ] {
        expect_500(&served, &get("/capitals", fields));
    }
    expect_500(&served, &get("/101-refused-and-ignored", ""));
    // HTTP/1.0 knows no switch (RFC 9110 §7.8).
    let old = get("/capitals", ASKS).replacen("HTTP/1.1", "HTTP/1.0", 1);
    expect_500(&served, &old);
    // And those have.
    for fields in [
        "connection: x, UPGRADE\r\nupgrade: tea, CAPITALS\r\n",
        "Connection: Upgrade\r\nUpgrade: tea/2\r\nUpgrade: Capitals ,x\r\n",
    ] {
        switched(&mut served.ask(get("/capitals", fields)));
    }
}

#[test]
fn there_is_no_switch_before_the_request_is_over() {
    let served = upgrading(switching());
    let length = get("/capitals", &format!("{ASKS}Content-Length: 5\r\n"));
    let chunked = get(
        "/capitals",
        &format!("{ASKS}Transfer-Encoding: chunked\r\n"),
    );
    expect_500(&served, &(length.clone() + "hello"));
    expect_500(&served, &length);
    expect_500(&served, &(chunked + "5\r\nhello\r\n0\r\n\r\n"));
    let awaited = format!("{ASKS}Content-Length: 5\r\nExpect: 100-continue\r\n");
    expect_500(&served, &get("/capitals", &awaited));
}

#[test]
fn without_anybody_to_take_over_there_is_no_switch() {
    let served = serve(switching());
    expect_500(&served, &get("/capitals", ASKS));
    let mut client = served.ask(get("/426", ""));
    assert_eq!(expect(&mut client, 426).field("upgrade"), None);

    served.server.set_upgrader(Some(Arc::new(Threads)));
    switched(&mut served.ask(get("/capitals", ASKS)));
    served.server.set_upgrader(None);
    expect_500(&served, &get("/capitals", ASKS));
}

#[test]
fn a_426_says_what_to_ask_for_and_the_connection_stays() {
    let served = upgrading(switching());
    let mut client = served.ask(get("/426", "") + &get("/capitals", ASKS));
    let answer = expect(&mut client, 426);
    assert_eq!(answer.field("upgrade"), Some("capitals"));
    assert!(answer.connection("upgrade") && answer.connection("keep-alive"));
    assert_eq!(answer.text(), "capitals, please");
    switched(&mut client);
}

/// What a conversation with an application that may not wait says to these bytes, up to the
/// switch; the protocol, and what lies in the input for it.
fn converse_by_hand(bytes: &[u8], piece: usize) -> (Vec<u8>, Box<dyn Protocol>, Vec<u8>) {
    let here = "127.0.0.1:80".parse().unwrap();
    let settings = Settings {
        quiet: true,
        ..Settings::default()
    };
    let gateway = Gateway::new(settings, Pace::default(), Deployment::at(here, "test"));
    let rules = Rules {
        whole_bodies: true,
        ..Rules::default()
    };
    let stop = Arc::new(Bell::new().unwrap());
    let house = House::new(gateway, Arc::new(switching()), rules, stop);
    house.set_upgrader(Some(Arc::new(Threads)));
    let now = Instant::now();
    let mut papers = Papers::new(house.gateway.settings.limits.head_bytes);
    let mut conversation = Conversation::new(here, now, &house);
    let (mut pieces, mut sent) = (bytes.chunks(piece), Vec::new());
    loop {
        match conversation.step(&house, &mut papers, now) {
            Step::Receive(_) => {
                let piece = pieces
                    .next()
                    .expect("it is asked for no more than was sent");
                papers.desk.input.room()[..piece.len()].copy_from_slice(piece);
                papers.desk.input.grow(piece.len());
                conversation.received(piece.len(), &mut papers, now);
            }
            Step::Send(behind) => {
                // The kernel would keep it back for a moment.
                assert_ne!(behind, Behind::End);
                sent.push(papers.unsent()[0]); // One byte at a time.
                papers.sent(1);
            }
            Step::Work => conversation.work(&house, &mut papers, None::<&mut dyn Transport>),
            Step::Upgrade(protocol) => {
                let mut rest = papers.desk.input.received().to_vec();
                rest.extend(pieces.flatten());
                return (sent, protocol, rest);
            }
            Step::End(ending) => panic!("{ending:?} after {}", String::from_utf8_lossy(&sent)),
        }
    }
}

#[test]
fn a_switch_is_not_kept_back_for_a_close_even_if_the_client_has_asked_for_one() {
    let fields = "Connection: close, Upgrade\r\nUpgrade: capitals\r\n";
    let bytes = get("/capitals", fields) + "bye\n";
    let (sent, _, rest) = converse_by_hand(bytes.as_bytes(), bytes.len());
    assert!(sent.starts_with(b"HTTP/1.1 101 ") && rest == b"bye\n");
}

#[test]
fn a_switch_needs_no_pool() {
    let body = "Content-Length: 5\r\n\r\nhello";
    let before = format!("POST / HTTP/1.1\r\nHost: a\r\n{body}");
    let bytes = before + &get("/capitals", ASKS) + "hello\nbye\n";
    for piece in [1, 7, bytes.len()] {
        let (sent, mut protocol, mut rest) = converse_by_hand(bytes.as_bytes(), piece);
        let sent = String::from_utf8(sent).unwrap();
        let (first, switch) = sent.split_at(sent.find("HTTP/1.1 101 ").unwrap());
        assert!(first.ends_with("fine"), "{sent}");
        let end = "\r\nConnection: Upgrade\r\nUpgrade: capitals\r\n\r\n";
        assert!(switch.ends_with(end), "{sent}");
        let mut out = Vec::new();
        protocol.open(Waker::noop().clone(), &mut out);
        assert_eq!(protocol.receive(&mut rest, &mut out), rest.len());
        assert_eq!(out, b"WELCOME\nHELLO\nBYE\n");
        assert!(protocol.is_over());
    }
}
