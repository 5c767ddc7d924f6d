//! Somebody forgot the `s` of `https`.

use std::io::{Read, Write};

use lesson03::demo;
use lesson07::PoolSettings;

use crate::house::{End, Site, get, options, rest_of, shown, with_head_timeout};

#[test]
fn plain_http_gets_a_plain_answer_that_says_what_to_do_and_no_reset() {
    let site = Site::serve(demo::application);
    let long = format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{}",
        "x".repeat(100_000)
    );
    for question in [
        get("/", ""),
        "G".to_owned(),
        long,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ] {
        let mut socket = site.socket();
        // It may answer before it has everything.
        let _ = socket.write_all(question.as_bytes());
        let (bytes, end) = rest_of(&mut socket);
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
        assert!(text.contains("\r\nDate: ") && text.contains("\r\nConnection: close\r\n"));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("Content-Length: {}", body.len())),
            "{text}"
        );
        assert!(body.contains("https://"), "{body}");
        assert_eq!(end, End::Cut, "an orderly end");
    }
}

#[test]
fn head_gets_no_body_there_either() {
    let site = Site::serve(demo::application);
    let mut socket = site.socket();
    socket
        .write_all(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let text = String::from_utf8(rest_of(&mut socket).0).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 400 ") && text.ends_with("\r\n\r\n"),
        "{text}"
    );
}

#[test]
fn nothing_is_served_in_plain_text_through_an_adapter() {
    let site = Site::serve(demo::application);
    let mut socket = site.socket();
    socket.write_all(get("/", "").repeat(3).as_bytes()).unwrap();
    let text = String::from_utf8(rest_of(&mut socket).0).unwrap();
    assert!(!text.contains("Hello"), "{text}");
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1);
}

#[test]
fn noise_is_not_answered_with_words() {
    let site = Site::serve(demo::application);
    for noise in [
        &b"\0\0\0\0"[..],
        b"\x80\x2e\x01\x00\x02",
        b"get / http/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x00",
    ] {
        let mut socket = site.socket();
        socket.write_all(noise).unwrap();
        let (bytes, _) = rest_of(&mut socket);
        assert_eq!(shown(&bytes), "", "{}", shown(noise));
    }
    assert!(site.get("/").ends_with("Hello, World!"));
}

#[test]
fn a_client_that_stays_after_its_answer_is_gone_with_the_deadline_for_the_head() {
    let time = std::time::Duration::from_millis(300);
    let settings = PoolSettings {
        threads: 1,
        ..PoolSettings::default()
    };
    let site = Site::serve_with(demo::application, with_head_timeout(time), settings);
    let mut socket = site.socket();
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    // It has its answer and does not leave. There is one worker.
    assert!(site.get("/").ends_with("Hello, World!"));
    drop(socket);
}

#[test]
fn a_client_that_is_turned_away_hears_nothing_in_plain_text() {
    let settings = PoolSettings {
        threads: 1,
        queue_size: 1,
        queue_timeout: std::time::Duration::ZERO,
        ..PoolSettings::default()
    };
    let site = Site::serve_with(demo::application, options(), settings);
    let mut busy = site.client();
    busy.send(get("/sleep?ms=60000", ""));
    kit::patience::until("the worker is busy", || {
        site.server.pool().numbers().idle == 0
    });
    let late: Vec<_> = (0..6).map(|_| site.socket()).collect();
    kit::patience::until("four are turned away", || {
        site.server.stats().turned_away.get() >= 4
    });
    // One of them waits in the queue, and gets its end with the server.
    site.server.stop();
    site.server.stop();
    let mut gone = 0;
    for mut socket in late {
        socket.set_nonblocking(true).unwrap();
        let mut byte = [0];
        match socket.read(&mut byte) {
            Ok(1) => panic!("plain text: {byte:?}"),
            Ok(_) => gone += 1,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => gone += 1,
        }
    }
    assert!(gone >= 4, "{gone}");
    drop(busy);
}
