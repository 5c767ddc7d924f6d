//! The probes against little servers made to have one fault each: a probe that cannot turn red
//! proves nothing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::little::*;
use check::outcome::Finding;

#[test]
fn a_thread_for_each_client_is_ok() {
    let address = in_threads(good);
    for probe in [
        "silent-client",
        "newest-first",
        "head-byte-by-byte",
        "garbage",
        "half-close",
    ] {
        assert_eq!(run(probe, address), Ok(()), "{probe}");
    }
}

#[test]
fn one_client_at_a_time_without_deadline_stalls() {
    let address = in_turn(good);
    for probe in ["silent-client", "newest-first", "dripping-client"] {
        assert_eq!(run(probe, address), Err(Finding::Stalls), "{probe}");
    }
}

#[test]
fn one_client_at_a_time_with_a_deadline_waits() {
    let address = in_turn(good_with_deadline);
    for probe in ["silent-client", "newest-first"] {
        assert_eq!(run(probe, address), Err(Finding::Waits), "{probe}");
    }
}

#[test]
fn a_deadline_for_each_read_does_not_stop_a_dripping_client() {
    // Each drop is in time: only a deadline for the whole head helps.
    let address = in_turn(good_with_deadline);
    assert_eq!(run("dripping-client", address), Err(Finding::Stalls));
}

#[test]
fn a_server_that_never_answers_is_wrong_and_not_merely_slow() {
    let address = in_threads(|mut client| {
        let _ = client.read_to_end(&mut Vec::new());
    });
    assert_wrong("hello", address, "no answer");
    assert_wrong("silent-client", address, "not answered, even after");
}

#[test]
fn a_server_that_closes_without_an_answer_is_wrong() {
    assert_wrong("hello", in_turn(drop), "before an answer was whole");
}

#[test]
fn one_read_taken_for_a_request_is_caught_however_the_head_is_cut() {
    let address = in_turn(|mut client| {
        if matches!(client.read(&mut [0; 1024]), Ok(1..)) {
            say(&client, GOOD);
        }
    });
    for probe in ["head-in-two-writes", "head-byte-by-byte", "dripping-client"] {
        assert_wrong(probe, address, "before the head is whole");
    }
}

#[test]
fn faults_of_the_answer_are_caught_one_by_one() {
    for (answer, probe, words) in [
        (
            "HTTP/1.1 200 OK\nConnection: close\n\nhello",
            "line-ends",
            "LF alone",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
            "well-formed",
            "5 and 4",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type : x\r\n\r\nhello",
            "well-formed",
            "no token",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello",
            "body-end",
            "more bytes follow",
        ),
        (GOOD, "head-method", "5 bytes of body"),
        (GOOD, "date", "no Date"),
        (GOOD, "no-host", "wanted 400, got 200"),
        (
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\r\n",
            "date",
            "seconds away from now",
        ),
        (
            "HTTP/1.1 200 OK\r\nDate: 2026-01-01T00:00:00Z\r\nConnection: close\r\n\r\n",
            "date",
            "no IMF-fixdate",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "hello",
            "wanted 2xx",
        ),
        ("<html>hello</html>\r\n", "hello", "no HTTP response"),
        (
            "HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n",
            "connect",
            "without Allow",
        ),
    ] {
        assert_wrong(probe, always(answer), words);
    }
}

#[test]
fn what_goes_against_a_should_is_told_from_what_goes_against_a_must() {
    for (answer, probe, words) in [
        (
            "HTTP/1.1 200 OK\r\n\r\nhello",
            "body-end",
            "neither Content-Length",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "close-said",
            "did not say",
        ),
        (GOOD, "fragment", "wanted 400, got 200"),
        (
            "HTTP/1.1 505 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "http-1.2",
            "wanted 200, got 505",
        ),
    ] {
        assert_should(probe, always(answer), words);
    }
}

#[test]
fn a_standard_that_leaves_a_choice_makes_no_fault() {
    let address = always(GOOD);
    for probe in ["keep-alive", "http-2.0", "expect-other", "many-fields"] {
        let found = run(probe, address);
        assert!(
            matches!(found, Err(Finding::Allowed(_))),
            "{probe}: {found:?}"
        );
    }
}

#[test]
fn a_route_that_is_not_there_is_not_applicable_and_never_ok() {
    let address = always(GOOD);
    for probe in [
        "echo",
        "streaming",
        "panic",
        "early-close",
        "slow-application",
    ] {
        let found = run(probe, address);
        assert!(
            matches!(found, Err(Finding::NotApplicable(_))),
            "{probe}: {found:?}"
        );
    }
    let found = run("five-hundred-clients", address);
    assert!(matches!(found, Err(Finding::NotApplicable(_))), "{found:?}");
}

#[test]
fn chunks_that_are_collected_first_are_no_stream() {
    let address = in_turn(|mut client| {
        let head = read_head(&mut client);
        let body = match head.starts_with("GET /stream?n=1&") {
            true => "chunk 1\n",
            false if head.starts_with("GET /stream?") => "chunk 1\nchunk 2\nchunk 3\n",
            false => "",
        };
        let status = if body.is_empty() {
            "404 Not Found"
        } else {
            "200 OK"
        };
        thread::sleep(Duration::from_millis(100));
        say(
            &client,
            &format!("HTTP/1.1 {status}\r\nConnection: close\r\n\r\n{body}"),
        );
    });
    assert_wrong("streaming", address, "somebody collects them");
}

#[test]
fn a_server_that_ends_is_seen_to_have_died() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            match read_head(&mut client).as_str() {
                "" => return,
                _ => say(&client, GOOD),
            }
        }
    });
    assert!(matches!(
        run("connect-and-close", address),
        Err(Finding::Died(_))
    ));
}

/// `/stream?n=1` is short, any other stream has no end; the result says that it was given up.
fn stream(client: &mut TcpStream) -> bool {
    let head = read_head(client);
    if !head.starts_with("GET /stream") {
        say(client, GOOD);
        return false;
    }
    say(client, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nline\n");
    if head.starts_with("GET /stream?n=1&") {
        return false;
    }
    while client.write_all(&[b'x'; 64 * 1024]).is_ok() {}
    true
}

#[test]
fn a_client_that_does_not_read_is_told_apart_in_four_ways() {
    let address = in_threads(|mut client| _ = stream(&mut client));
    assert_eq!(run("deaf-client", address), Ok(()));

    let address = in_turn(|mut client| _ = stream(&mut client));
    assert_eq!(run("deaf-client", address), Err(Finding::Stalls));

    let short = Some(Duration::from_millis(200));
    let address = start(move |mut client| {
        client.set_write_timeout(short).unwrap();
        if stream(&mut client) {
            let client = socket2::SockRef::from(&client);
            client.set_linger(Some(Duration::ZERO)).unwrap();
        }
    });
    assert_eq!(run("deaf-client", address), Err(Finding::Waits));

    let address = start(move |mut client| {
        client.set_write_timeout(short).unwrap();
        stream(&mut client);
    });
    assert_wrong("deaf-client", address, "ends like a whole one");
}
