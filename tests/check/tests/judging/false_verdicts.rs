//! Little servers that are right, or wrong in another way than it seems: each was once judged
//! falsely. And the other way round: faults that once went unseen.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use crate::little::*;
use check::outcome::Finding;
use check::world::World;

/// A request: its head, and as much of a body as Content-Length says.
fn read_request(client: &mut TcpStream) -> (String, String) {
    let head = read_head(client);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap_or(0))];
    let _ = client.read_exact(&mut body);
    (head, String::from_utf8_lossy(&body).into_owned())
}

fn answer(client: &TcpStream, status: &str, body: &str, fields: &str) {
    let length = body.len();
    say(
        client,
        &format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{fields}\r\n{body}"),
    );
}

const CLOSE: &str = "Connection: close\r\n";

/// An echo that refuses what it is asked by this function, and closes after each answer.
fn echo_unless(refuses: fn(&str) -> Option<&'static str>) -> SocketAddr {
    in_threads_with(move |mut client| {
        let (head, body) = read_request(&mut client);
        if let Some(status) = refuses(&head) {
            answer(&client, status, "", CLOSE);
        } else if head.starts_with("POST /echo") && head.contains("chunked") {
            // Four lines of chunks: a size, its bytes, a size of 0; trailers up to an empty line.
            let body = read_head(&mut client);
            answer(&client, "200 OK", body.lines().nth(1).unwrap_or(""), CLOSE);
        } else if head.starts_with("POST /echo") {
            answer(&client, "200 OK", &body, CLOSE);
        } else if head.starts_with("GET / ") {
            say(&client, GOOD);
        } else {
            answer(&client, "404 Not Found", "", CLOSE);
        }
    })
}

#[test]
fn who_says_close_after_a_chunked_body_need_not_answer_what_follows_it() {
    let address = echo_unless(|_| None);
    assert_eq!(run("chunked", address), Ok(()));
    for probe in ["chunked-trailer", "chunked-next", "trailers"] {
        assert_allowed(probe, address, "it says close and closes");
    }
}

#[test]
fn a_server_without_post_is_asked_nothing_about_bodies() {
    let no_post = |head: &str| head.starts_with("POST").then_some("501 Not Implemented");
    let address = echo_unless(no_post);
    for probe in [
        "chunked",
        "chunk-0x",
        "chunk-overflow",
        "length-plus",
        "lengths-differ",
        "coding-unknown",
        "length-and-chunked",
        "chunked-pieces",
        "echo",
    ] {
        assert_not_applicable(probe, address);
    }
}

#[test]
fn where_posting_to_the_root_is_refused_the_echo_is_asked() {
    let only_echo = |head: &str| {
        head.starts_with("POST / ")
            .then_some("405 No\r\nAllow: GET")
    };
    let address = echo_unless(only_echo);
    assert_wrong("length-plus", address, "wanted 400, got 200");
    let strict = |head: &str| match head {
        head if head.starts_with("POST / ") => Some("405 No\r\nAllow: GET"),
        head if head.contains("Content-Length: +3") => Some("400 Bad Request"),
        _ => None,
    };
    assert_eq!(run("length-plus", echo_unless(strict)), Ok(()));
}

#[test]
fn two_lengths_of_one_body_must_end_the_connection_even_where_one_is_taken() {
    let kept = in_threads(|mut client| {
        while let (head, _) = read_request(&mut client)
            && !head.is_empty()
        {
            answer(&client, "200 OK", "hello", "");
        }
    });
    assert_wrong("length-and-chunked", kept, "MUST be closed");
    let closed = in_threads(|mut client| {
        let (head, _) = read_request(&mut client);
        let close = if head.contains("chunked") { CLOSE } else { "" };
        answer(&client, "200 OK", "hello", close);
    });
    assert_allowed(
        "length-and-chunked",
        closed,
        "lets a server go by Transfer-Encoding",
    );
}

#[test]
fn a_body_is_echoed_to_its_length_and_a_strict_server_is_sent_no_more() {
    let strict = in_threads(|mut client| {
        let (head, body) = read_request(&mut client);
        client
            .set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        let more = matches!(client.read(&mut [0; 100]), Ok(1..));
        match (head.starts_with("POST /echo"), more) {
            (true, false) => answer(&client, "200 OK", &body, CLOSE),
            (true, true) => answer(&client, "400 Bad Request", "", CLOSE),
            _ => answer(
                &client,
                if head.starts_with("GET / ") {
                    "200 OK"
                } else {
                    "404 No"
                },
                "",
                CLOSE,
            ),
        }
    });
    assert_eq!(run("echo", strict), Ok(()));
}

#[test]
fn who_waits_for_a_huge_body_or_closes_without_reading_it_has_wrapped_nothing() {
    let waits = in_threads(|mut client| {
        let (head, _) = read_request(&mut client);
        match head.contains("1180591620717411303424") {
            true => _ = client.read_to_end(&mut Vec::new()),
            false => say(&client, GOOD),
        }
    });
    assert_allowed("length-huge", waits, "goes on waiting");
    assert_allowed("length-huge", in_threads(good), "without reading the body");
    let wraps = in_threads(|mut client| {
        while !read_head(&mut client).is_empty() {
            answer(&client, "200 OK", "hello", "");
        }
    });
    assert_wrong("length-huge", wraps, "the body has ended");
}

#[test]
fn a_head_whose_end_was_not_seen_may_wait_for_its_deadline() {
    assert_allowed("lf-only", in_threads(good), "goes on waiting");
}

#[test]
fn garbage_may_be_a_head_request_and_its_answer_has_no_body() {
    let keeps = in_threads(|mut client| {
        let mut head = read_head(&mut client);
        if !head.ends_with("\r\n\r\n") {
            return;
        }
        while head.ends_with("\r\n\r\n") {
            let body = if head.starts_with("HEAD") {
                ""
            } else {
                "hello"
            };
            say(
                &client,
                &format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{body}"),
            );
            head = read_head(&mut client);
        }
        // After the end of the input it keeps the connection for a while.
        thread::sleep(Duration::from_millis(1500));
    });
    assert_eq!(
        run_with("garbage", keeps, |world| world.garbage = 60),
        Ok(())
    );
}

#[test]
fn a_stream_that_does_not_count_is_no_stream_to_be_given_up_halfway() {
    let address = in_threads(|mut client| {
        let head = read_head(&mut client);
        let body = "line\n".repeat(5);
        let stream = head.starts_with("GET /stream");
        answer(
            &client,
            "200 OK",
            if stream { &body } else { "hello" },
            CLOSE,
        );
    });
    for probe in ["deaf-client", "early-close", "streaming"] {
        assert_not_applicable(probe, address);
    }
}

#[test]
fn an_http_1_2_request_that_is_refused_goes_against_a_should_only() {
    let address = echo_unless(|head| head.contains("HTTP/1.2").then_some("505 No"));
    assert_should("http-1.2", address, "wanted 200, got 505");
}

#[test]
fn a_server_that_ignores_close_is_told_so() {
    let stays = in_threads(|mut client| {
        while !read_head(&mut client).is_empty() {
            answer(&client, "200 OK", "hello", "");
        }
    });
    assert_wrong("connection-close", stays, "`close` was ignored");
    assert_wrong("connection-list", stays, "`close` was ignored");
    assert_wrong("http-1.0", stays, "did not ask to stay");
}

#[test]
fn an_answer_without_end_hits_the_bound_and_the_run_goes_on() {
    let endless = in_threads(|mut client| {
        read_head(&mut client);
        say(&client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        // Slowly: it is the time that runs out, not the bytes.
        while client.write_all(b"more\n").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    });
    let found = run_with("hello", endless, |world| {
        world.limit = Duration::from_millis(700)
    });
    assert!(
        matches!(found, Err(Finding::Unfinished(ref words)) if words.contains("--limit")),
        "{found:?}"
    );
}

#[test]
fn five_seconds_are_not_the_second_that_exercise_1_2_asks_for() {
    let drops_after = |seconds| {
        start(move |client| {
            let deadline = Some(Duration::from_secs(seconds));
            client.set_read_timeout(deadline).unwrap();
            good(client);
        })
    };
    let exercise = check::exercises::find("1-2").unwrap();
    let found = |seconds| exercise.run(&World::at(drops_after(seconds)));
    assert!(matches!(found(5), Err(Finding::Wrong(_))));
    assert_eq!(found(1), Ok(()));
}
