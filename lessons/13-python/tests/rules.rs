//! The rules of PEP 3333, for applications in Python: kept, and broken.

mod served;

use check::client::End;
use served::{asking, get, serve, text};

const FAILED: &str = "500 Internal Server Error\n";

#[test]
fn what_may_not_be_answered_is_a_500_that_shows_nothing() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    for path in [
        "not-begun",
        "begun-twice",
        "exits",
        "interrupts",
        "text-body",
        "no-body",
        "number-status",
        "bytes-header",
        "list-header",
        "hop-by-hop",
        "injected",
        "injected-status",
        "broken-at-once",
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
fn a_traceback_goes_to_the_log_and_so_does_what_an_application_complains_of() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    get(&server, "/broken-at-once");
    get(&server, "/complains");
    let said = server.end();
    for line in [
        "Traceback (most recent call last):",
        "ValueError: before the first piece",
    ] {
        assert!(
            said.lines().any(|said| said == line),
            "no {line:?} in\n{said}"
        );
    }
    assert!(said.contains("a complaint €"), "{said}");
}

#[test]
fn every_body_is_closed_once_however_it_ends() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    for path in ["/whole", "/broken", "/broken-at-once"] {
        asking(&server, &format!("GET {path}"), "").wait_for_end();
    }
    assert_eq!(
        text(&server, "/closed-bodies").1,
        "broken,broken_at_once,whole"
    );
    let mut client = asking(&server, "GET /endless", "");
    while client.received().len() < 1000 {
        client.wait_until(std::time::Instant::now() + check::client::GUARD);
    }
    client.leave();
    kit::patience::until("the body of a client that has left is closed", || {
        text(&server, "/closed-bodies").1 == "endless"
    });
}

#[test]
fn half_an_answer_cannot_be_taken_for_a_whole_one() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    for path in ["/broken", "/replaced-too-late"] {
        let mut client = asking(&server, &format!("GET {path}"), "");
        assert_eq!(client.wait_for_end(), Some(End::Reset), "{path}");
        assert!(!client.received().ends_with(b"0\r\n\r\n"), "{path}");
    }
}

#[test]
fn exc_info_replaces_what_has_not_left() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    let answer = get(&server, "/replaced");
    assert_eq!((answer.status, &*answer.body), (503, &b"replaced"[..]));
    assert_eq!(
        (answer.field("X-Old"), answer.field("X-New")),
        (None, Some("1"))
    );
    let answer = get(&server, "/begun-late");
    assert_eq!(
        (answer.field("X-Late"), &*answer.body),
        (Some("1"), &b"late"[..])
    );
}

#[test]
fn what_is_written_leaves_before_the_application_returns() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    assert_eq!(text(&server, "/written"), (200, "W1W2R".to_owned()));
    let mut client = asking(&server, "GET /written-slowly", "");
    while !client.received().ends_with(b"first\r\n") {
        client.wait_until(std::time::Instant::now() + check::client::GUARD);
    }
    assert_eq!(text(&server, "/let-go").1, "gone");
    assert_eq!(client.answer().unwrap().body, b"firstsecond");
}

#[test]
fn the_end_of_a_body_is_where_the_application_has_said() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    assert_eq!(text(&server, "/too-long"), (200, "abcd".to_owned()));
    assert_eq!(text(&server, "/part-of-a-file"), (200, "234".to_owned()));
    let answer = get(&server, "/no-content");
    assert_eq!((answer.status, answer.field("Content-Length")), (204, None));
    let answer = get(&server, "/good");
    assert_eq!(answer.field("Content-Length"), Some("4"));
    let mut client = asking(&server, "HEAD /good", "");
    assert_eq!(
        client.next_answer(true).unwrap().field("Content-Length"),
        Some("4")
    );
}

#[test]
fn the_body_of_a_request_can_be_read_in_every_way() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    let body = "Content-Length: 17\r\n\r\nabcdef\nghij\nk\nlm\n";
    let read = asking(&server, "POST /read-all-ways", body)
        .answer()
        .unwrap();
    let expected = r"([b'abc', b'def\n', b'gh', [b'ij\n', b'k\n', b'lm\n'], b''], '17')";
    assert_eq!(String::from_utf8(read.body).unwrap(), expected);
    let chunks = "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nd\n\r\n0\r\n\r\n";
    let read = asking(&server, "POST /read-all-ways", chunks)
        .answer()
        .unwrap();
    let expected = r"([b'abc', b'd\n', b'', [], b''], '5')";
    assert_eq!(String::from_utf8(read.body).unwrap(), expected);
}

#[test]
fn a_large_body_lies_in_a_file() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    let kind = |size: usize| {
        let body = format!("Content-Length: {size}\r\n\r\n{}", "x".repeat(size));
        asking(&server, "POST /kind-of-input", &body)
            .answer()
            .unwrap()
            .body
    };
    assert_eq!(kind(512 * 1024), b"BytesIO");
    assert_eq!(kind(512 * 1024 + 1), b"BufferedRandom");
}

#[test]
fn headers_become_variables_and_those_that_could_be_mistaken_do_not() {
    let Some(server) = serve("rules:app") else {
        return;
    };
    let fields = "Cookie: a=1\r\nCookie: b=2\r\nX-A: 1\r\nx-a: 2\r\nX_B: 1\r\n\
                  Content-Type: text/x\r\n";
    let seen = asking(&server, "GET /headers", fields)
        .answer()
        .unwrap()
        .body;
    let expected = "['a=1; b=2', '1,2', None, None, 'text/x']";
    assert_eq!(String::from_utf8(seen).unwrap(), expected);
    let cookies = get(&server, "/cookies").fields;
    let cookies = cookies
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"));
    assert_eq!(cookies.count(), 2);
}

#[test]
fn the_validator_of_python_has_nothing_to_say() {
    let Some(server) = serve("rules:valid") else {
        return;
    };
    for line in ["GET /", "HEAD /", "GET /%E2%82%AC?a=%FF"] {
        let answer = asking(&server, line, "").next_answer(line.starts_with("HEAD"));
        assert_eq!(answer.unwrap().status, 200, "{line}");
    }
    assert!(!server.end().contains("AssertionError"));
}
