//! ASGI applications: what they are told, what they send, and what they get wrong.

mod served;

use std::time::Instant;

use check::client::{Client, End, GUARD};
use check::server::Server;
use check::transcript::Transcript;
use check::websocket::promises;
use kit::needed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use served::{asking, get, serve, text};

const FAILED: &str = "500 Internal Server Error\n";

#[test]
fn what_may_not_be_answered_is_a_500_that_shows_nothing() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    for path in [
        "raises",
        "exits",
        "returns",
        "body-first",
        "begins-twice",
        "unknown-event",
        "text-body",
        "injected",
        "there-is-no-such-function",
    ] {
        assert_eq!(
            text(&server, &format!("/{path}")),
            (500, FAILED.to_owned()),
            "{path}"
        );
    }
    assert_eq!(text(&server, "/good"), (200, "good".to_owned()));
}

#[test]
fn half_an_answer_cannot_be_taken_for_a_whole_one() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    for path in ["/raises-late", "/returns-early"] {
        let mut client = asking(&server, &format!("GET {path}"), "");
        assert_eq!(client.wait_for_end(), Some(End::Reset), "{path}");
        assert!(!client.received().ends_with(b"0\r\n\r\n"), "{path}");
    }
}

#[test]
fn the_scope_says_what_was_asked() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let answer = asking(&server, "GET /scope-of%5F%C3%A9?a=%C3%A9", "X_A: b\r\n").answer();
    let said = String::from_utf8(answer.unwrap().body).unwrap();
    for part in [
        r#""http_version": "1.1""#,
        r#""method": "GET""#,
        r#""path": "/scope-of_\u00e9""#,
        r#""raw_path": "/scope-of%5F%C3%A9""#,
        r#""query_string": "a=%C3%A9""#,
        r#""ports": ["int", "int"]"#,
        r#"["host", "a"]"#,
        r#"["x_a", "b"]"#,
    ] {
        assert!(said.contains(part), "no {part} in {said}");
    }
}

#[test]
fn bodies_come_and_go_whole_or_in_pieces() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let chunks = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for rest in ["Content-Length: 5\r\n\r\nabcde", chunks] {
        let answer = asking(&server, "POST /echo", rest).answer().unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "abcde"));
    }
    let mut client = asking(&server, "GET /pieces", "");
    hear(&mut client, |said| said.ends_with(b"first\r\n"));
    assert_eq!(text(&server, "/let-go").1, "gone");
    assert_eq!(client.answer().unwrap().body, b"firstsecond");
}

#[test]
fn a_piece_of_a_body_is_received_before_the_next_one_is_sent() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let mut client = asking(
        &server,
        "POST /echo-at-once",
        "Transfer-Encoding: chunked\r\n\r\n",
    );
    for piece in ["3\r\none\r\n", "3\r\ntwo\r\n", "5\r\nthree\r\n"] {
        client.send(piece.as_bytes()).unwrap();
        hear(&mut client, |said| said.ends_with(piece.as_bytes()));
    }
    client.send(b"0\r\n\r\n").unwrap();
    assert_eq!(client.answer().unwrap().body, b"onetwothree");
    // With a length it is the same.
    let mut client = asking(&server, "POST /echo-at-once", "Content-Length: 2\r\n\r\na");
    hear(&mut client, |said| said.ends_with(b"1\r\na\r\n"));
    client.send(b"b").unwrap();
    assert_eq!(client.answer().unwrap().body, b"ab");
}

#[test]
fn a_client_that_asks_may_go_on_when_the_application_receives_and_not_before() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let expects = "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n";
    let mut client = asking(&server, "POST /echo", expects);
    hear(&mut client, |said| said == b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send(b"abc").unwrap();
    assert_eq!(client.answer().unwrap().body, b"abc");
    let mut client = asking(&server, "POST /never-receives", expects);
    assert_eq!(client.answer().unwrap().body, b"whatever");
    assert!(!client.received().starts_with(b"HTTP/1.1 100"));
}

#[test]
fn a_body_that_goes_wrong_is_the_clients_fault_and_its_application_hears_an_end() {
    let Some(server) = serve("--body-limit 10 --body-timeout 0.2 asgi_rules:app") else {
        return;
    };
    let chunked = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    let length = "Content-Length: 10\r\n\r\nabc";
    for (begins, goes_on, status) in [
        (chunked, "x\r\n", 400),
        (chunked, "8\r\nabcdefgh\r\n", 413),
        (length, "", 408),
    ] {
        let mut client = asking(&server, "POST /counts", begins);
        kit::patience::until("the application has some of it", || {
            text(&server, "/has-come").1 == "3"
        });
        client.send(goes_on.as_bytes()).unwrap();
        assert_eq!(client.answer().unwrap().status, status, "{goes_on:?}");
        heard(&server, "http.disconnect");
    }
    let mut client = asking(&server, "POST /counts", length);
    kit::patience::until("the application has some of it", || {
        text(&server, "/has-come").1 == "3"
    });
    client.finish_sending();
    assert_eq!(client.answer().unwrap().status, 400);
    heard(&server, "http.disconnect");
    // What is wrong with what came along with the head is seen before the application is called.
    let wrong = "Transfer-Encoding: chunked\r\n\r\nx\r\n";
    let mut client = asking(&server, "POST /counts", wrong);
    assert_eq!(client.answer().unwrap().status, 400);
    assert_eq!(text(&server, "/what-was-heard").1, "");
    assert!(!server.end().contains("Traceback"));
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_body_ends_it() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let half = "Content-Length: 10\r\n\r\nabc";
    asking(&server, "POST /counts", half).leave();
    heard(&server, "http.disconnect");
    asking(&server, "POST /counts", half).reset();
    heard(&server, "http.disconnect");
    let mut client = asking(&server, "POST /echo-at-once", half);
    hear(&mut client, |said| said.ends_with(b"3\r\nabc\r\n"));
    client.finish_sending();
    // Half of an answer must not look like all of it.
    assert_eq!(client.wait_for_end(), Some(End::Reset));
    heard(&server, "http.disconnect");
}

#[test]
fn a_body_that_was_sent_in_full_is_received_even_if_its_client_has_ended_its_side() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let whole = format!("Content-Length: 100000\r\n\r\n{}", "x".repeat(100_000));
    let mut client = asking(&server, "POST /counts-when-let-go", &whole);
    client.finish_sending();
    assert_eq!(text(&server, "/let-go").1, "gone");
    assert_eq!(client.answer().unwrap().text(), "100000");
}

#[test]
fn what_comes_after_somebody_has_waited_in_vain_is_not_lost() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let half = "Content-Length: 6\r\n\r\nabc";
    let mut client = asking(&server, "POST /gives-up-waiting", half);
    heard(&server, "in vain");
    client.send(b"def").unwrap();
    assert_eq!(client.answer().unwrap().text(), "abcdef");
}

#[test]
fn an_answer_without_the_body_leaves_the_next_request_where_it_is() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let mut client = Client::connect(1, server.address(), GUARD, Transcript::default()).unwrap();
    let first = b"POST /never-receives HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    client.send(first).unwrap();
    assert_eq!(client.next_answer(false).unwrap().body, b"whatever");
    client
        .send(b"helloGET /good HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    assert_eq!(client.next_answer(false).unwrap().body, b"good");
}

/// Waits until the application has heard this, and forgets it.
fn heard(server: &Server, what: &str) {
    kit::patience::until("the application hears of it", || {
        text(server, "/what-was-heard").1 == what
    });
}

#[test]
fn what_is_awaited_can_be_made_a_task() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    assert_eq!(text(&server, "/as-tasks"), (200, "http.request".to_owned()));
}

#[test]
fn an_application_hears_that_its_client_has_gone() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let mut client = asking(&server, "GET /waits-for-the-end", "");
    hear(&mut client, |said| said.ends_with(b"first\r\n"));
    client.leave();
    kit::patience::until("the application hears of it", || {
        text(&server, "/what-was-heard").1 == "http.disconnect"
    });
}

#[test]
fn a_client_that_does_not_read_makes_its_application_wait_and_no_other() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let mut client = asking(&server, "GET /sends-for-ever", "");
    hear(&mut client, |said| !said.is_empty());
    let count = || {
        text(&server, "/how-much-was-sent")
            .1
            .parse::<u64>()
            .unwrap()
    };
    let mut before = 0;
    kit::patience::until("it is blocked", || {
        std::mem::replace(&mut before, count()) == count()
    });
    client.leave();
    kit::patience::until("it cannot send any more", || {
        text(&server, "/what-was-heard").1 == "ClientGone"
    });
}

#[test]
fn the_application_hears_when_the_server_begins_and_when_it_ends() {
    for event_loop in ["asyncio", "uvloop"] {
        let has_uvloop = || needed::ends_well("python3", &["-c", "import uvloop"]);
        if event_loop == "uvloop"
            && !needed::or_skip(has_uvloop(), "uvloop is absent: pip install uvloop")
        {
            continue;
        }
        let Some(server) = serve(&format!("--loop {event_loop} asgi_rules:app")) else {
            return;
        };
        assert_eq!(text(&server, "/state").1, "lifespan.startup");
        let pid = Pid::from_raw(i32::try_from(server.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        kit::patience::until("it ends", || server.has_exited());
        assert_eq!(server.exit_code(), Some(0));
    }
}

#[test]
fn every_probe_for_websocket_is_ok() {
    let Some(server) = serve("asgiapp:app") else {
        return;
    };
    promises::every_probe_is_ok(server.address(), "/ws/echo");
}

#[test]
fn a_socket_is_accepted_with_what_the_application_says_or_refused() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    assert!(switched(&server, "/refuses", "").starts_with("HTTP/1.1 403 "));
    // Of a body that is still on its way, the application is not even asked.
    let head = switched(&server, "/accepts", "Content-Length: 4\r\n");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    let head = switched(&server, "/accepts", "Sec-WebSocket-Protocol: one, two\r\n");
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    for field in ["Sec-WebSocket-Protocol: one", "x-a: 1"] {
        assert!(head.contains(field), "no {field} in {head}");
    }
    kit::patience::until("the application hears that its client has gone", || {
        text(&server, "/what-was-heard").1 == "websocket.disconnect"
    });
}

#[test]
fn an_application_that_fails_closes_its_socket_with_1011() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let mut client = asking_for_a_socket(&server, "/raises-in-a-socket", "");
    hear(&mut client, |said| {
        said.ends_with(&[0x88, 0x02, 0x03, 0xf3])
    });
}

fn asking_for_a_socket(server: &Server, path: &str, fields: &str) -> Client {
    let rest = format!(
        "Upgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}"
    );
    asking(server, &format!("GET {path}"), &rest)
}

/// The head of the answer to a handshake.
fn switched(server: &Server, path: &str, fields: &str) -> String {
    let mut client = asking_for_a_socket(server, path, fields);
    let said = hear(&mut client, |said| {
        said.windows(4).any(|four| four == b"\r\n\r\n")
    });
    String::from_utf8_lossy(&said).into_owned()
}

/// What the server has said, as soon as it is enough.
fn hear(client: &mut Client, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let guard = Instant::now() + GUARD;
    while !is_enough(client.received()) {
        assert!(
            client.wait_until(guard),
            "nothing more is said: {:?}",
            client.received()
        );
    }
    client.received().to_vec()
}

#[test]
fn the_answer_to_a_head_has_no_body_and_the_next_request_has_its_own() {
    let Some(server) = serve("asgi_rules:app") else {
        return;
    };
    let mut client = asking(&server, "HEAD /pieces", "");
    let answer = client.next_answer(true).unwrap();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(get(&server, "/good").status, 200);
}
