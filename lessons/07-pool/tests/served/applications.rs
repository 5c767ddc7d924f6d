//! What applications do, on connections that stay.

use std::io::Write;

use check::answer::Framing;
use check::client::{End, NoAnswer};
use kit::patience::until;
use lesson03::{AppError, Body};

use crate::house::{PLAIN, app, expect, expect_close, get, serve};

fn chunks(pieces: &[&str]) -> Body {
    let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| (*piece).into()).collect();
    Body::chunks(pieces)
}

#[test]
fn one_piece_has_a_length_several_are_chunked_and_empty_ones_end_nothing() {
    let served = serve(app(|path, _, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        Ok(match path {
            "/none" => Body::Empty,
            "/bytes" => "abcd".into(),
            "/one" => chunks(&["abcd"]),
            "/two" => chunks(&["ab", "cd"]),
            "/holes" => chunks(&["", "ab", "", "", "cd", ""]),
            _ => chunks(&["", "", ""]),
        })
    }));
    let mut client = served.ask("");
    for (path, framing, text) in [
        ("/none", Framing::Length(0), ""),
        ("/bytes", Framing::Length(4), "abcd"),
        ("/one", Framing::Length(4), "abcd"),
        ("/two", Framing::Chunked, "abcd"),
        ("/holes", Framing::Chunked, "abcd"),
        ("/two", Framing::Chunked, "abcd"),
        ("/empty", Framing::Length(0), ""),
    ] {
        client.send(get(path, "").as_bytes()).unwrap();
        let answer = expect(&mut client, 200);
        assert_eq!(
            (answer.framing, answer.text().as_str()),
            (framing, text),
            "{path}"
        );
        assert!(answer.connection("keep-alive"));
    }
}

#[test]
fn what_is_written_before_the_body_is_chunked_with_it() {
    let served = serve(app(|_, _, start_response| {
        let mut writer = start_response.begin("200 OK", &[PLAIN])?;
        writer.write_all(b"W1")?;
        writer.write_all(b"")?;
        writer.write_all(b"W2")?;
        Ok("R".into())
    }));
    let mut client = served.ask(get("/", "").repeat(2));
    for _ in 0..2 {
        let answer = expect(&mut client, 200);
        assert_eq!(
            (answer.framing, answer.text().as_str()),
            (Framing::Chunked, "W1W2R")
        );
    }
}

#[test]
fn answers_that_may_have_no_body_have_none_and_another_follows() {
    let served = serve(app(|path, _, start_response| {
        let four = ("Content-Length", "4");
        match path {
            "/204" => start_response.begin("204 No Content", &[four])?,
            "/304" => start_response.begin("304 Not Modified", &[four])?,
            "/205" => start_response.begin("205 Reset Content", &[four])?,
            _ => start_response.begin("200 OK", &[PLAIN])?,
        };
        Ok("body".into())
    }));
    let mut client = served.ask("");
    for (path, status, length) in [
        ("/204", 204, None),
        ("/304", 304, Some("4")),
        ("/205", 205, Some("0")),
    ] {
        client
            .send((get(path, "") + &get("/", "")).as_bytes())
            .unwrap();
        let answer = expect(&mut client, status);
        assert_eq!(answer.field("content-length"), length, "{path}");
        assert!(answer.field("transfer-encoding").is_none());
        assert_eq!(expect(&mut client, 200).text(), "body");
    }
    client
        .send(get("/", "").replacen("GET", "HEAD", 1).as_bytes())
        .unwrap();
    let answer = client.next_answer(true).unwrap();
    assert_eq!(answer.field("content-length"), Some("4"));
    client.send(get("/", "").as_bytes()).unwrap();
    expect(&mut client, 200);
}

#[test]
fn a_body_of_another_length_than_announced_costs_the_connection() {
    let served = serve(app(|path, _, start_response| {
        start_response.begin("200 OK", &[PLAIN, ("Content-Length", "4")])?;
        Ok(match path {
            "/long" => "abcdef".into(),
            _ => "ab".into(),
        })
    }));
    let mut client = served.ask(get("/long", "") + &get("/long", ""));
    assert_eq!(expect(&mut client, 200).text(), "abcd");
    client.finish_sending();
    let end = client.wait_for_end();
    assert!(end.is_some() && client.received().is_empty());

    let mut client = served.ask(get("/short", ""));
    assert!(matches!(client.answer(), Err(NoAnswer::Ended(_))));
}

#[test]
fn a_failure_before_the_first_byte_is_a_500_and_ends_the_connection() {
    let served = serve(app(|path, _, start_response| match path {
        "/silent" => Ok("no start_response".into()),
        "/raise" => Err(AppError::new("raised")),
        "/begun" => {
            start_response.begin("200 OK", &[PLAIN, ("X-Old", "1")])?;
            Err(AppError::new("raised"))
        }
        "/panic" => panic!("as the test wants it"),
        "/hop" => {
            start_response.begin("200 OK", &[("Connection", "keep-alive")])?;
            Ok("".into())
        }
        "/split" => {
            start_response.begin("200 OK", &[("X", "a\r\nSet-Cookie: b")])?;
            Ok("".into())
        }
        _ => {
            start_response.begin("200 OK", &[PLAIN])?;
            Ok("fine".into())
        }
    }));
    for path in ["/silent", "/raise", "/begun", "/panic", "/hop", "/split"] {
        let mut client = served.ask(get("/", "") + &get(path, ""));
        expect(&mut client, 200);
        let answer = expect(&mut client, 500);
        assert!(answer.says_close(), "{path}");
        assert!(answer.field("x-old").is_none() && answer.field("set-cookie").is_none());
        expect_close(&mut client);
    }
    expect(&mut served.ask(get("/", "")), 200);
    assert_eq!(served.server.stats().panics.get(), 0);
}

#[test]
fn a_panic_with_something_that_panics_when_it_is_dropped_is_a_panic() {
    use std::panic::panic_any;

    struct Bomb(usize);

    impl Drop for Bomb {
        fn drop(&mut self) {
            if self.0 > 0 {
                panic_any(Bomb(self.0 - 1));
            }
        }
    }

    let served = serve(app(|path, _, start_response| {
        if path == "/bomb" {
            panic_any(Bomb(3));
        }
        start_response.begin("200 OK", &[PLAIN])?;
        Ok("fine".into())
    }));
    for _ in 0..20 {
        let mut client = served.ask(get("/bomb", ""));
        expect(&mut client, 500);
        expect_close(&mut client);
    }
    expect(&mut served.ask(get("/", "Connection: close\r\n")), 200);
    let numbers = || served.server.pool().numbers();
    until("all workers are back", || numbers().idle == 8);
    assert_eq!(numbers().live, 8);
}

#[test]
fn a_failure_after_the_first_byte_leaves_no_last_chunk() {
    let served = serve(app(|path, _, start_response| {
        let panics = path == "/panic";
        start_response.begin("200 OK", &[PLAIN])?;
        Ok(Body::try_chunks((0..3).map(move |number| match number {
            0 | 1 => Ok(b"piece".to_vec()),
            _ if panics => panic!("as the test wants it"),
            _ => Err(AppError::new("broken")),
        })))
    }));
    for path in ["/panic", "/error"] {
        let mut client = served.ask(get(path, ""));
        let outcome = client.answer();
        assert_eq!(outcome, Err(NoAnswer::Ended(End::Reset)), "{path}");
        let received = String::from_utf8_lossy(client.received()).into_owned();
        assert!(!received.contains("\r\n0\r\n"), "{received}");
    }
    let before = served.server.pool().numbers().live;
    assert_eq!(before, 8);
}

#[test]
fn a_body_is_dropped_once_whatever_happens_to_its_client() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&dropped);
    let served = serve(app(move |path, _, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        let counted = Counted(Arc::clone(&count));
        let many = if path == "/many" { 1_000_000 } else { 3 };
        Ok(Body::chunks((0..many).map(move |_| {
            let _ = &counted;
            vec![b'x'; 1000]
        })))
    }));
    expect(&mut served.ask(get("/", "")), 200);
    until("the body is dropped", || {
        dropped.load(Ordering::SeqCst) == 1
    });
    let client = served.ask(get("/many", ""));
    client.reset();
    until("the body is dropped", || {
        dropped.load(Ordering::SeqCst) == 2
    });
}

#[test]
fn the_application_sees_a_server_of_many_threads() {
    let served = serve(lesson03::demo::application);
    let text = expect(&mut served.ask(get("/environ", "")), 200).text();
    assert!(text.contains("wsgi.multithread = True"), "{text}");
    assert!(text.contains("wsgi.multiprocess = False"), "{text}");
}

#[test]
fn another_application_takes_over_with_the_next_request_of_a_connection() {
    let served = serve(lesson03::demo::application);
    let mut client = served.ask(get("/", ""));
    assert_eq!(expect(&mut client, 200).text(), "Hello, World!");
    served.server.set_app(app(|_, _, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        Ok("another".into())
    }));
    client.send(get("/", "").as_bytes()).unwrap();
    assert_eq!(expect(&mut client, 200).text(), "another");
}
