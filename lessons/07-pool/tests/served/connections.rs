//! Connections that stay: who decides, who says so, and what comes next on them.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use check::client::Client;
use kit::patience::until;
use lesson02::Stream;
use lesson03::demo;
use lesson07::{Adapter, PoolSettings};

use crate::house::{Lesson, bind, expect, expect_close, expect_end, get, post_chunked, start};

#[test]
fn version_and_connection_tokens_decide_what_becomes_of_a_connection() {
    let lesson = Lesson::start("--quiet");
    for (version, fields, stays) in [
        ("1.1", "", true),
        ("1.2", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: Close\r\n", false),
        ("1.1", "connection: x, cLOSE\r\n", false),
        ("1.1", "Connection: keep-alive, close\r\n", false),
        ("1.1", "Connection: x\r\nConnection: close\r\n", false),
        ("1.1", "Connection: closed\r\n", true),
        ("1.0", "", false),
        ("1.0", "Connection: keep-alive\r\n", true),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ] {
        let question = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let mut client = lesson.ask(&question);
        let answer = expect(&mut client, 200);
        assert_eq!(answer.version, "HTTP/1.1");
        assert_eq!(answer.connection("keep-alive"), stays, "{question}");
        assert_eq!(answer.connection("close"), !stays, "{question}");
        assert_eq!(answer.field("keep-alive"), stays.then_some("timeout=5"));
        if stays {
            client.send(get("/environ", "").as_bytes()).unwrap();
            assert!(expect(&mut client, 200).text().contains("/environ"));
        } else {
            expect_close(&mut client);
        }
    }
}

#[test]
fn a_chunked_answer_to_an_old_client_ends_with_the_connection() {
    let lesson = Lesson::start("--quiet");
    let question = "GET /stream?n=2&ms=1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let mut client = lesson.ask(question);
    let answer = expect(&mut client, 200);
    assert!(answer.says_close() && answer.field("transfer-encoding").is_none());
    assert_eq!(answer.text(), "line 1 of 2\nline 2 of 2\n");
    expect_close(&mut client);
}

#[test]
fn two_requests_in_one_packet_are_answered_in_their_order() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask(get("/sleep?ms=50", "") + &get("/", "Connection: close\r\n"));
    assert!(expect(&mut client, 200).text().contains("started_ms"));
    assert_eq!(expect(&mut client, 200).text(), "Hello, World!");
    expect_close(&mut client);
}

#[test]
fn ten_requests_of_all_kinds_in_one_packet_are_answered_in_their_order() {
    let lesson = Lesson::start("--quiet");
    let mut all = String::new();
    for number in 0..5 {
        all += &get(&format!("/nowhere/{number}"), "");
        all += &format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n#{number}");
    }
    let mut client = lesson.ask(all);
    for number in 0..5 {
        expect(&mut client, 404);
        assert_eq!(expect(&mut client, 200).text(), format!("#{number}"));
    }
    client.send(get("/", "").as_bytes()).unwrap();
    expect(&mut client, 200);
}

/// A plain socket that counts what the server has read.
struct Counted(Arc<TcpStream>, Arc<AtomicUsize>);

impl Stream for Counted {
    fn socket(&self) -> &Arc<TcpStream> {
        &self.0
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(into)?;
        self.1.fetch_add(count, Ordering::SeqCst);
        Ok(count)
    }
}

struct Counter(Arc<AtomicUsize>);

impl Adapter for Counter {
    fn wrap(&self, socket: Arc<TcpStream>) -> Box<dyn Stream> {
        Box::new(Counted(socket, Arc::clone(&self.0)))
    }
}

#[test]
fn a_pipelined_request_cut_anywhere_is_answered() {
    let server = bind(demo::application, PoolSettings::default());
    let read = Arc::new(AtomicUsize::new(0));
    server.set_adapter(Some(Arc::new(Counter(Arc::clone(&read)))));
    let served = start(server);
    let both =
        post_chunked("/echo", "2\r\nhi\r\n0\r\nA: b\r\n\r\n") + &get("/", "Connection: close\r\n");
    for cut in 1..both.len() {
        read.store(0, Ordering::SeqCst);
        let mut client = served.ask(&both[..cut]);
        // Only then the server cannot see both writes as one.
        until("the first part is read", || {
            read.load(Ordering::SeqCst) == cut
        });
        client.send(&both.as_bytes()[cut..]).unwrap();
        assert_eq!(expect(&mut client, 200).text(), "hi", "{cut}");
        assert_eq!(expect(&mut client, 200).text(), "Hello, World!", "{cut}");
        expect_close(&mut client);
    }
}

#[test]
fn after_close_was_said_nothing_more_is_processed() {
    let lesson = Lesson::start("--quiet --stats");
    let close = "Connection: close\r\n";
    let mut client = lesson.ask(get("/", close) + &get("/panic", "") + &get("/panic", ""));
    assert!(expect(&mut client, 200).says_close());
    client.finish_sending();
    expect_close(&mut client);
    assert_eq!(lesson.stat("requests"), 1);
}

/// The second answer of a client, if there is one: it was not said that there would be none.
fn another(client: &mut Client) {
    client.send(get("/environ", "").as_bytes()).unwrap();
    let text = expect(client, 200).text();
    assert!(text.contains("PATH_INFO = '/environ'\n"), "{text}");
}

#[test]
fn a_body_that_nobody_reads_is_never_taken_for_a_request() {
    let lesson = Lesson::start("--quiet");
    let body = get("/smuggled", "");
    let fields = format!("Content-Length: {}\r\n", body.len());
    let question = get("/", &fields).replacen("GET", "POST", 1) + &body;
    let mut client = lesson.ask(question);
    assert!(expect(&mut client, 200).connection("keep-alive"));
    another(&mut client);

    let chunk = format!("{:x}\r\n{body}\r\n0\r\nX: y\r\n\r\n", body.len());
    let mut client = lesson.ask(post_chunked("/", &chunk));
    assert!(expect(&mut client, 200).connection("keep-alive"));
    another(&mut client);
}

#[test]
fn a_body_that_nobody_reads_and_that_comes_later_is_skipped() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    assert!(expect(&mut client, 200).connection("keep-alive"));
    client.send(&[b'x'; 60_000]).unwrap();
    another(&mut client);
}

#[test]
fn a_body_too_large_to_be_skipped_ends_the_connection_and_the_answer_says_so() {
    let lesson = Lesson::start("--quiet --drain-timeout 1");
    let mut client = lesson.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
    assert!(expect(&mut client, 200).says_close());
    let _ = client.send(&[b'x'; 900_000]);
    client.finish_sending();
    expect_end(&mut client);
}

#[test]
fn nobody_knows_how_long_a_chunked_body_is_so_the_answer_says_close_before_its_end() {
    let lesson = Lesson::start("--quiet --drain-timeout 1");
    let mut client = lesson.ask(post_chunked("/", "5\r\nhello\r\n"));
    assert!(expect(&mut client, 200).says_close());
    client.send(b"0\r\n\r\n").unwrap();
    expect_end(&mut client);

    // One that the application reads to its end has an end.
    let mut client = lesson.ask(post_chunked("/echo", "5\r\nhello\r\n"));
    client.send(b"0\r\n\r\n").unwrap();
    let answer = expect(&mut client, 200);
    assert!(answer.connection("keep-alive") && answer.body == b"hello");
    another(&mut client);
}

#[test]
fn a_large_body_that_is_read_leaves_the_connection_open() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n");
    client.send(&[b'x'; 900_000]).unwrap();
    let answer = expect(&mut client, 200);
    assert!(answer.connection("keep-alive") && answer.body.len() == 900_000);
    another(&mut client);
}

#[test]
fn answers_without_a_body_leave_the_connection_in_step() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask(get("/", "").replacen("GET", "HEAD", 1));
    let answer = client.next_answer(true).unwrap();
    assert_eq!(
        (answer.status, answer.field("content-length")),
        (200, Some("13"))
    );
    another(&mut client);
    client
        .send(get("/stream?n=3", "").replacen("GET", "HEAD", 1).as_bytes())
        .unwrap();
    assert_eq!(client.next_answer(true).unwrap().status, 200);
    another(&mut client);
}

#[test]
fn an_empty_line_before_a_request_is_forgiven_on_a_connection_that_stays() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask(get("/", ""));
    expect(&mut client, 200);
    client.send(b"\r\n").unwrap();
    another(&mut client);
}

#[test]
fn the_last_request_that_a_connection_may_send_is_told_so() {
    let lesson = Lesson::start("--quiet --max-requests 3");
    let mut client = lesson.ask(get("/", "").repeat(4));
    for number in 1..=3 {
        assert_eq!(expect(&mut client, 200).says_close(), number == 3);
    }
    client.finish_sending();
    expect_end(&mut client);
}

#[test]
fn a_quiet_connection_is_closed_without_a_word() {
    let lesson = Lesson::start("--quiet --keep-alive 0.3");
    let mut client = lesson.ask(get("/", ""));
    expect(&mut client, 200);
    expect_close(&mut client);
}

#[test]
fn half_a_second_request_gets_a_408_and_not_silence() {
    let lesson = Lesson::start("--quiet --head-timeout 0.3");
    let mut client = lesson.ask(get("/", "") + "GET / HT");
    expect(&mut client, 200);
    assert!(expect(&mut client, 408).says_close());
    expect_end(&mut client);
}

#[test]
fn a_client_that_shuts_its_half_down_still_gets_every_answer() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask(get("/sleep?ms=50", "") + &get("/", ""));
    client.finish_sending();
    expect(&mut client, 200);
    expect(&mut client, 200);
    expect_close(&mut client);
}

#[test]
fn a_panic_of_the_application_ends_the_connection_with_a_500_that_says_so() {
    let lesson = Lesson::start("--quiet");
    let mut client = lesson.ask(get("/panic", "") + &get("/", ""));
    assert!(expect(&mut client, 500).says_close());
    client.finish_sending();
    expect_end(&mut client);
}

#[test]
fn connections_that_stay_are_told_apart_by_nobody_but_their_worker() {
    let lesson = Lesson::start("--quiet");
    let mut clients: Vec<Client> = (0..4).map(|_| lesson.connect()).collect();
    for round in 0..3 {
        for (number, client) in clients.iter_mut().enumerate() {
            let body = format!("{number}.{round}");
            let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
            client
                .send(post_chunked("/echo", &chunk).as_bytes())
                .unwrap();
        }
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(expect(client, 200).text(), format!("{number}.{round}"));
        }
    }
}
