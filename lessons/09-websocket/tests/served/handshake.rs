//! Who gets a socket, and what the others hear.

use crate::house::{ASKS, Speaker, ask, expect_hello, frame, get, lesson};

#[test]
fn a_socket_is_opened_as_the_standard_says() {
    let server = lesson("");
    let mut speaker = Speaker::open(server.address(), "/ws/echo");
    let answer = &speaker.answer;
    let field = |name| answer.field(name).map(str::to_owned);
    let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    assert_eq!(field("sec-websocket-accept").as_deref(), Some(accept));
    assert!(answer.connection("upgrade") && field("upgrade").as_deref() == Some("websocket"));
    for absent in [
        "sec-websocket-protocol",
        "sec-websocket-extensions",
        "content-length",
        "transfer-encoding",
    ] {
        assert_eq!(field(absent), None, "{absent}");
    }
    speaker.say_text("hello");
    assert_eq!(speaker.hear_text(), "hello");
    speaker.say(0x88, &[]);
    assert_eq!(speaker.hear_end(), 1005);
}

#[test]
fn what_comes_in_the_packet_of_the_request_is_heard() {
    let server = lesson("");
    let behind = [frame(0x81, b"early"), frame(0x89, b"bird")].concat();
    let mut speaker = Speaker::open_with(server.address(), "/ws/echo", "", &behind);
    assert_eq!(speaker.hear_text(), "early");
    assert_eq!(speaker.hear(), (0x8A, b"bird".to_vec()));
}

#[test]
fn every_other_request_gets_an_answer_that_says_why() {
    let server = lesson("");
    let ask = |bytes: String| {
        let mut client = ask(server.address(), bytes);
        let answer = client.answer().unwrap();
        let upgrade = answer.field("upgrade").map(str::to_owned);
        let version = answer.field("sec-websocket-version").map(str::to_owned);
        (answer.status, upgrade, version)
    };
    let without = |field: &str| {
        let lines = ASKS.split_inclusive("\r\n");
        lines
            .filter(|line| !line.starts_with(field))
            .collect::<String>()
    };
    let upgrade_required = (426, Some("websocket".to_owned()), Some("13".to_owned()));
    for fields in [
        String::new(),
        without("Upgrade"),
        without("Connection"),
        without("Connection") + "Connection: notupgrade\r\n",
        without("Sec-WebSocket-Version"),
        without("Sec-WebSocket-Version") + "Sec-WebSocket-Version: 12\r\n",
        without("Sec-WebSocket-Version") + "Sec-WebSocket-Version: 8\r\n",
    ] {
        assert_eq!(ask(get("/ws/echo", &fields)), upgrade_required, "{fields}");
    }
    for key in [
        "",
        "Sec-WebSocket-Key: c2hvcnQ=\r\n",
        "Sec-WebSocket-Key: not base64!\r\n",
    ] {
        let fields = without("Sec-WebSocket-Key") + key;
        assert_eq!(ask(get("/ws/echo", &fields)).0, 400, "{fields}");
    }
    for body in [
        "Content-Length: 4\r\n\r\nbody",
        "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n",
    ] {
        let fields = format!("{ASKS}{body}");
        assert_eq!(ask(get("/ws/echo", &fields)).0, 400, "{fields}");
    }
    let post = get("/ws/echo", ASKS).replacen("GET", "POST", 1);
    assert_eq!(ask(post).0, 405);
    let old = get("/ws/echo", ASKS).replacen("HTTP/1.1", "HTTP/1.0", 1);
    assert_eq!(ask(old).0, 426);
    assert_eq!(
        ask(get("/ws/echo", ASKS).replacen("Host: a\r\n", "", 1)).0,
        400
    );
    assert_eq!(ask(get("/ws/nowhere", ASKS)).0, 404);
    expect_hello(server.address());
}

#[test]
fn words_may_be_written_in_any_case_and_stand_in_a_list() {
    let server = lesson("");
    let fields = "connection: keep-alive, UPGRADE\r\nupgrade: tea, WebSocket\r\n\
                  sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut client = ask(server.address(), get("/ws/echo", fields));
    assert_eq!(client.next_answer(true).unwrap().status, 101);
}

#[test]
fn a_body_of_no_bytes_is_none() {
    let server = lesson("");
    Speaker::open_with(server.address(), "/ws/echo", "Content-Length: 00\r\n", b"");
}

#[test]
fn an_extension_and_a_subprotocol_that_nobody_speaks_are_passed_over() {
    let server = lesson("");
    let fields = "Sec-WebSocket-Protocol: soap, wamp\r\n\
                  Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let speaker = Speaker::open_with(server.address(), "/ws/echo", fields, b"");
    assert_eq!(speaker.answer.field("sec-websocket-protocol"), None);
    assert_eq!(speaker.answer.field("sec-websocket-extensions"), None);
}

#[test]
fn pages_of_strangers_open_nothing_once_there_is_a_list() {
    let server = lesson("--origin https://chat.example --origin http://localhost:8888");
    let status = |origin: &str| {
        let fields = format!("{ASKS}{origin}");
        let mut client = ask(server.address(), get("/ws/echo", &fields));
        client.next_answer(true).unwrap().status
    };
    assert_eq!(status("Origin: https://evil.example\r\n"), 403);
    assert_eq!(status("Origin: null\r\n"), 403);
    assert_eq!(status("Origin: https://chat.example\r\n"), 101);
    assert_eq!(status("Origin: http://localhost:8888\r\n"), 101);
    assert_eq!(status(""), 101);
}

#[test]
fn there_are_no_more_sockets_than_may_be_and_a_place_is_free_again() {
    let server = lesson("--max-sockets 2");
    let first = Speaker::open(server.address(), "/ws/echo");
    let _second = Speaker::open(server.address(), "/ws/chat");
    let mut third = ask(server.address(), get("/ws/echo", ASKS));
    let answer = third.next_answer(false).unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.field("retry-after").is_some());
    first.client.leave();
    kit::patience::until("a place is free", || {
        let mut client = ask(server.address(), get("/ws/echo", ASKS));
        client.next_answer(true).unwrap().status == 101
    });
}
