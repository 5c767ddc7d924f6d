//! Answers, and the end of a connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lesson03::{AppError, Body, demo};
use lesson05::Ended;
use lesson07::{Adapter, PoolSettings, Rules};
use lesson08::TlsAdapter;

use crate::house::{
    Authority, CLOSE, Client, End, PLAIN, Site, VERSIONS, app, client_config, get, options, socket,
};

#[test]
fn four_requests_in_one_record_get_four_answers() {
    let site = Site::serve(demo::application);
    let mut client = site.client();
    let three = get("/", "").repeat(3);
    client.send(three + &get("/", CLOSE));
    let (text, end) = client.rest();
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 4, "{text}");
    assert_eq!(end, End::Goodbye);
}

#[test]
fn what_is_decrypted_already_is_looked_at_before_anybody_waits() {
    // Each request is larger than the buffer for heads, all of them lie in one record, and the
    // client sends nothing more.
    let mut options = options();
    options.settings.limits.head_bytes = 256;
    let site = Site::serve_with(demo::application, options, PoolSettings::default());
    let mut client = site.client();
    let post = format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{}",
        "x".repeat(1000)
    );
    client.send(post.repeat(9));
    for _ in 0..9 {
        let (head, body) = client.answer();
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert_eq!(body.len(), 1000);
    }
}

#[test]
fn a_large_body_comes_and_goes() {
    let site = Site::serve(demo::application);
    for version in VERSIONS {
        let mut client = site.client_of(&[version]);
        let body: String = ('a'..='z').cycle().take(1_000_000).collect();
        let head = format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\n{CLOSE}Content-Length: {}\r\n\r\n",
            body.len()
        );
        client.send(head + &body);
        let (text, end) = client.rest();
        assert!(text.ends_with(&body), "{} bytes", text.len());
        assert_eq!(end, End::Goodbye);
    }
}

#[test]
fn what_a_socket_does_not_take_is_sent_later_and_once() {
    let authority = Authority::new();
    let identity = authority.issue("server", &["localhost"]);
    let adapter = TlsAdapter::new(identity, None, "test").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = socket(listener.local_addr().unwrap());
    let accepted = listener.accept().unwrap().0;
    let config = client_config(authority.trusted(), &VERSIONS);
    let reader = thread::spawn(move || {
        let mut client = Client::new(socket, config, "localhost");
        client.send("go");
        client.rest()
    });
    let mut stream = adapter.wrap(Arc::new(accepted));
    let mut go = [0; 2];
    let again =
        |error: &io::Error| matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock);
    while stream.read(&mut go).is_err_and(|error| again(&error)) {}
    // A socket that does not wait takes what it has room for: seldom all of some records.
    stream.socket().set_nonblocking(true).unwrap();
    let large = "0123456789abcdef".repeat(512 * 1024);
    let (mut rest, mut partly) = (large.as_bytes(), 0);
    while !rest.is_empty() {
        let piece = &rest[..rest.len().min(64 * 1024)];
        match stream.write(piece) {
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => partly += 1,
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(
        partly > 0,
        "this test wants to see ciphertext that was left"
    );
    stream.say_goodbye();
    drop(stream);
    let (text, _) = reader.join().unwrap();
    assert!(text == large, "{} of {}", text.len(), large.len());
}

#[test]
fn every_orderly_end_begins_with_a_goodbye() {
    let settings = PoolSettings {
        rules: Rules {
            timeout: Duration::from_millis(100),
            ..Rules::default()
        },
        ..PoolSettings::default()
    };
    let site = Site::serve_with(demo::application, options(), settings);
    // The client says close; the server has had enough of a quiet one; the request is bad; the
    // server's answer is a page of its own, with unread input behind it.
    for question in [
        get("/", CLOSE),
        get("/", ""),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n{}",
            "x".repeat(100_000)
        ),
        get("/stream?n=2&ms=1", CLOSE),
    ] {
        let mut client = site.client();
        client.send(&question);
        let (text, end) = client.rest();
        assert!(text.starts_with("HTTP/1.1 "), "{text}");
        assert_eq!(end, End::Goodbye, "{question}");
    }
}

#[test]
fn a_client_that_asks_nothing_is_told_goodbye_too() {
    let site = Site::serve_with(
        demo::application,
        crate::house::with_head_timeout(Duration::from_millis(300)),
        PoolSettings::default(),
    );
    let mut client = site.client();
    client.shake().unwrap();
    assert_eq!(client.rest(), (String::new(), End::Goodbye));
    // One that has begun a head is told what was missing.
    let mut client = site.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n");
    let (text, end) = client.rest();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert_eq!(end, End::Goodbye);
}

#[test]
fn an_answer_that_breaks_off_ends_in_a_reset_and_without_a_goodbye() {
    let site = Site::serve(app(|_, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        let pieces = [Ok(b"one".to_vec()), Err(AppError::new("and no further"))];
        Ok(Body::try_chunks(pieces))
    }));
    let mut client = site.client();
    client.send(get("/", ""));
    let (text, end) = client.rest();
    assert!(!text.contains("0\r\n\r\n"), "{text}");
    assert_eq!(end, End::Reset);
}

#[test]
fn a_body_that_is_cut_off_is_not_taken_for_a_whole_one_with_a_goodbye_or_without() {
    let site = Site::serve(demo::application);
    for says_goodbye in [true, false] {
        let mut client = site.client();
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
        if says_goodbye {
            client.stream.conn.send_close_notify();
            client.send("");
        }
        client.stream.sock.shutdown(Shutdown::Write).unwrap();
        let (text, _) = client.rest();
        assert!(text.starts_with("HTTP/1.1 400 "), "{says_goodbye}: {text}");
        assert!(!text.contains("12345"), "{text}");
    }
}

#[test]
fn a_client_that_says_goodbye_behind_its_request_is_answered() {
    let site = Site::serve(demo::application);
    for version in VERSIONS {
        let mut client: Client = site.client_of(&[version]);
        client.send(get("/", ""));
        client.stream.conn.send_close_notify();
        let _ = client.stream.conn.write_tls(&mut client.stream.sock);
        let (text, end) = client.rest();
        assert!(text.ends_with("Hello, World!"), "{text}");
        assert_eq!(end, End::Goodbye);
    }
}

#[test]
fn a_server_that_stops_finishes_what_was_begun_and_says_goodbye_to_the_quiet() {
    let site = Site::serve(demo::application);
    let mut quiet = site.client();
    quiet.send(get("/", ""));
    quiet.answer();
    let mut busy = site.client();
    busy.send(get("/sleep?ms=300", ""));
    kit::patience::until("both are in the hands of a worker", || {
        let numbers = site.server.pool().numbers();
        numbers.live - numbers.idle == 2
    });
    site.server.stop();
    let (text, end) = busy.rest();
    assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
    assert!(text.contains("Connection: close"), "{text}");
    assert_eq!(end, End::Goodbye);
    assert_eq!(quiet.rest(), (String::new(), End::Goodbye));
    assert_eq!(site.end(), Ended::Clean);
}

#[test]
fn an_answer_can_be_read_while_it_is_made() {
    let site = Site::serve(demo::application);
    let mut client = site.client();
    client.send(get("/stream?n=2&ms=30000", ""));
    let mut text = String::new();
    while !text.contains("line 1 of 2\n") {
        let mut piece = [0; 512];
        let count = client.stream.read(&mut piece).unwrap();
        text += std::str::from_utf8(&piece[..count]).unwrap();
    }
    assert!(!text.contains("line 2"), "{text}");
    // This client leaves; the server must not wait for it.
    client.stream.sock.flush().unwrap();
}
