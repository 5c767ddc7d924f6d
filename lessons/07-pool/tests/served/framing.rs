//! Where a request ends: every rule by which one could be smuggled behind another.

use crate::house::{Lesson, expect, expect_end, get, post_chunked};

/// The heads that every lesson from 2 on refuses: each with its status.
#[test]
fn a_doubtful_head_is_refused_and_what_stands_behind_it_is_never_served() {
    let lesson = Lesson::start("--quiet --drain-timeout 0.2 --stats");
    let cases: &[(&str, u16)] = &[
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET /\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405),
        ("GET /#f HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nhi!",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nhi!",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n0123456789",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1180591620717411303424\r\n\r\n",
            413,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", 417),
    ];
    for (head, status) in cases {
        // Alone, and as the second request of a connection: nothing is taken over from the first.
        for first in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let mut client = lesson.ask(format!("{first}{head}{}", get("/smuggled", "")));
            if !first.is_empty() {
                expect(&mut client, 200);
            }
            let answer = expect(&mut client, *status);
            assert!(answer.says_close(), "{head:?}");
            assert!(*status != 405 || answer.field("allow").is_some());
            client.finish_sending();
            expect_end(&mut client);
        }
    }
    // Each connection had its one refusal, half of them one good answer before it, and no more.
    let expected = cases.len() as u64 * 3;
    assert_eq!(lesson.stat("requests"), expected);
}

#[test]
fn unusual_heads_that_are_right_are_served_on_one_connection() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.connect();
    for (head, word) in [
        (
            "GET /environ HTTP/1.2\r\nHost: a\r\n\r\n",
            "SERVER_PROTOCOL = 'HTTP/1.",
        ),
        (
            "\r\nGET /environ HTTP/1.1\r\nHost: a\r\n\r\n",
            "PATH_INFO = '/environ'",
        ),
        (
            "GET http://b/environ?x HTTP/1.1\r\nHost: b\r\n\r\n",
            "PATH_INFO = '/environ'",
        ),
        (
            "GET /environ HTTP/1.1\r\nHost: a\r\nX-A: caf\u{e9}\r\n\r\n",
            "HTTP_X_A",
        ),
    ] {
        client.send(head.as_bytes()).unwrap();
        let text = expect(&mut client, 200).text();
        assert!(text.contains(word), "{head:?}: {text}");
    }
    let underscore = "GET /environ HTTP/1.1\r\nHost: a\r\nX_A: 1\r\n\r\n";
    client.send(underscore.as_bytes()).unwrap();
    assert!(!expect(&mut client, 200).text().contains("HTTP_X_A"));
}

#[test]
fn chunked_requests_are_read_and_another_request_follows() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.connect();
    for (coding, body, text) in [
        ("chunked", "2\r\nhi\r\n0\r\n\r\n", "hi"),
        ("Chunked", "2\r\nhi\r\n0\r\n\r\n", "hi"),
        ("CHUNKED\t", "002\r\nhi\r\n1\r\n!\r\n000\r\n\r\n", "hi!"),
        ("chunked", "2;name=value\r\nhi\r\n0;x\r\n\r\n", "hi"),
        ("chunked", "2 ; a=\"b;\"\r\nhi\r\n0\r\n\r\n", "hi"),
        (
            "chunked",
            "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
            "01234567890123456789",
        ),
        (
            "chunked",
            "2\r\nhi\r\n0\r\nX-Sum: 1\r\nX-Other:\r\n\r\n",
            "hi",
        ),
        ("chunked", "0\r\n\r\n", ""),
    ] {
        let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n");
        client.send(format!("{head}{body}").as_bytes()).unwrap();
        let answer = expect(&mut client, 200);
        assert_eq!(answer.text(), text);
        assert!(answer.connection("keep-alive"));
    }
    client.send(get("/", "").as_bytes()).unwrap();
    expect(&mut client, 200);
}

#[test]
fn trailers_are_never_merged_into_the_environ() {
    let lesson = Lesson::start("--quiet");
    let chunks = "2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n";
    let mut client = lesson.ask(post_chunked("/environ", chunks) + &get("/environ", ""));
    for _ in 0..2 {
        let text = expect(&mut client, 200).text();
        assert!(!text.contains("TRAILER"), "{text}");
    }
}

#[test]
fn a_fault_in_the_chunks_is_a_400_and_the_end() {
    let lesson = Lesson::start("--quiet --drain-timeout 0.2 --stats");
    let cases = [
        "0x2\r\nhi\r\n0\r\n\r\n",
        "+2\r\nhi\r\n0\r\n\r\n",
        "-2\r\nhi\r\n0\r\n\r\n",
        " 2\r\nhi\r\n0\r\n\r\n",
        "2 \r\nhi\r\n0\r\n\r\n",
        "2\nhi\r\n0\r\n\r\n",
        "2\r\nhi\n0\r\n\r\n",
        "2\r\nhiXX0\r\n\r\n",
        "2\r\nhi\r\n\r\n",
        "\r\n2\r\nhi\r\n0\r\n\r\n",
        "2;a\nb\r\nhi\r\n0\r\n\r\n",
        "g\r\n",
        "2\r\nhi\r\n0\r\nno colon\r\n\r\n",
        "2\r\nhi\r\n0\r\nX : y\r\n\r\n",
        "2\r\nhi\r\n0\r\nContent-Length: 3\r\n\r\n",
        "2\r\nhi\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "2\r\nhi\r\n0\r\nHost: b\r\n\r\n",
        "2\r\nhi\r\n0\r\nX: y\n\n",
    ];
    for chunks in cases {
        let mut client = lesson.ask(post_chunked("/echo", chunks) + &get("/smuggled", ""));
        let answer = expect(&mut client, 400);
        assert!(answer.says_close(), "{chunks:?}");
        client.finish_sending();
        expect_end(&mut client);
    }
    assert_eq!(lesson.stat("requests"), cases.len() as u64);
}

#[test]
fn a_fault_behind_a_body_that_nobody_reads_ends_the_connection() {
    let lesson = Lesson::start("--quiet --drain-timeout 0.2");
    let mut client = lesson.ask(post_chunked("/", "2\r\nhiXX") + &get("/smuggled", ""));
    expect(&mut client, 200);
    client.finish_sending();
    expect_end(&mut client);
}

#[test]
fn a_chunked_body_has_limits_of_every_kind() {
    let lesson = Lesson::start("--quiet --drain-timeout 0.2 --body-limit 1000");
    let large = format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x400));
    let many = "64\r\n".to_owned() + &"x".repeat(100) + "\r\n";
    for (chunks, status) in [
        (large, 413),
        ("ffffffffffffffff\r\n".to_owned(), 413),
        ("10000000000000000\r\n".to_owned(), 413),
        (many.repeat(11), 413),
        (many.repeat(10) + "0\r\n\r\n", 200),
        ("2;".to_owned() + &"x".repeat(5000), 400),
        ("0".repeat(5000), 400),
        ("0\r\nX: ".to_owned() + &"x".repeat(10_000), 431),
    ] {
        let mut client = lesson.ask(post_chunked("/echo", &chunks));
        let answer = expect(&mut client, status);
        assert_eq!(answer.says_close(), status != 200);
    }
}

#[test]
fn a_body_that_breaks_off_is_a_400_and_one_that_drips_is_a_408() {
    let lesson = Lesson::start("--quiet --body-timeout 0.3");
    for body in [
        "",
        "2",
        "2\r\n",
        "2\r\nh",
        "2\r\nhi\r\n",
        "2\r\nhi\r\n0\r\n",
    ] {
        let mut client = lesson.ask(post_chunked("/echo", body));
        client.finish_sending();
        expect(&mut client, 400);
        let mut client = lesson.ask(post_chunked("/echo", body));
        expect(&mut client, 408);
    }
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on_when_the_body_is_read() {
    let lesson = Lesson::start("--quiet");
    for (fields, body) in [
        ("Content-Length: 2\r\n", "hi"),
        ("Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n"),
    ] {
        let head =
            format!("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n{fields}\r\n");
        let mut client = lesson.ask(&head);
        assert_eq!(client.next_answer(false).unwrap().status, 100);
        client.send(body.as_bytes()).unwrap();
        let answer = client.next_answer(false).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "hi"));
        assert!(answer.connection("keep-alive"));
        // One that sends at once is not told anything.
        client.send(format!("{head}{body}").as_bytes()).unwrap();
        assert_eq!(client.next_answer(false).unwrap().status, 200);
    }
}

#[test]
fn a_client_whose_body_nobody_asked_for_is_told_that_the_connection_ends() {
    let lesson = Lesson::start("--quiet --drain-timeout 0.2");
    for fields in ["Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n{fields}\r\n");
        let mut client = lesson.ask(head);
        let answer = client.next_answer(false).unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.says_close(), "{fields}");
        expect_end(&mut client);
    }
}
