//! The server around the gateway: starting, stopping, and what it does with each client.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::served::{Client, brief, serve, serve_with};
use lesson02::Limits;
use lesson03::validator::Complaints;
use lesson03::{Body, Handle, Options, ServeError, WsgiServer, application, demo, make_server};
use socket2::{Domain, Socket, Type};

const PLAIN: (&str, &str) = ("Content-Type", "text/plain");

#[test]
fn make_server_takes_both_forms_of_address() {
    for server in [
        make_server("127.0.0.1:0", demo::hello),
        make_server(("127.0.0.1", 0), demo::hello),
        make_server(("localhost", 0), demo::hello),
    ] {
        assert_ne!(server.unwrap().address().port(), 0);
    }
    if let Ok(server) = make_server(("::1", 0), demo::hello) {
        assert!(server.address().is_ipv6());
    }
    assert!(make_server("nowhere", demo::hello).is_err());
}

#[test]
fn a_server_serves_on_a_socket_that_somebody_else_has_bound_and_its_end_is_not_the_sockets() {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let inherited = Arc::new(Socket::new(Domain::IPV4, Type::STREAM, None).unwrap());
    inherited.bind(&any.into()).unwrap();
    let bound = inherited.local_addr().unwrap().as_socket().unwrap();
    let serve = || {
        let options = Options {
            inherited: Some(Arc::clone(&inherited)),
            ..brief()
        };
        serve_with(options, demo::application, Complaints::default())
    };
    let first = serve();
    assert_eq!(first.server().address(), bound);
    assert_eq!(first.get("/").code(), "200");
    drop(first);
    // Between two servers a client waits, and is not refused.
    let mut client = Client(TcpStream::connect(bound).unwrap());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let _second = serve();
    assert_eq!(client.answer().code(), "200");
}

#[test]
fn set_app_takes_effect_on_the_next_request() {
    let served = serve(demo::hello);
    assert_eq!(served.get("/").body, "Hello, World!");
    served.server().set_app(application(|_, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        Ok("another".into())
    }));
    assert_eq!(served.get("/").body, "another");
    let first = served.server().get_app();
    served.server().set_app(first);
    assert_eq!(served.get("/").body, "another");
}

#[test]
fn handle_request_serves_one_client_or_calls_the_timeout_hook() {
    let timeouts = Arc::new(AtomicUsize::new(0));
    let mut server = make_server("127.0.0.1:0", demo::hello).unwrap();
    let count = Arc::clone(&timeouts);
    server.on_timeout(Duration::from_millis(10), move || {
        count.fetch_add(1, Ordering::SeqCst);
    });
    server.handle_request().unwrap();
    assert_eq!(timeouts.load(Ordering::SeqCst), 1);

    use std::io::{Read, Write};
    let mut client = std::net::TcpStream::connect(server.address()).unwrap();
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    server.handle_request().unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("Hello, World!"));
    assert_eq!(timeouts.load(Ordering::SeqCst), 1);
}

#[test]
fn shutdown_returns_when_the_loop_has_stopped_and_the_server_can_serve_again() {
    let server = Arc::new(make_server("127.0.0.1:0", demo::hello).unwrap());
    for _ in 0..3 {
        let handle = server.handle();
        let loop_ended = Arc::new(AtomicUsize::new(0));
        let thread = {
            let (server, loop_ended) = (Arc::clone(&server), Arc::clone(&loop_ended));
            std::thread::spawn(move || {
                server.serve_forever().unwrap();
                loop_ended.fetch_add(1, Ordering::SeqCst);
            })
        };
        // An answer proves that the loop runs.
        let address = server.address();
        let mut client = std::net::TcpStream::connect(address).unwrap();
        std::io::Write::write_all(&mut client, b"GET / HTTP/1.0\r\n\r\n").unwrap();
        std::io::Read::read_to_end(&mut client, &mut Vec::new()).unwrap();
        handle.shutdown().unwrap();
        thread.join().unwrap();
        assert_eq!(loop_ended.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_shutdown_before_the_loop_is_not_lost() {
    let server = make_server("127.0.0.1:0", demo::hello).unwrap();
    server.handle().shutdown().unwrap();
    server.serve_forever().unwrap();
}

#[test]
fn shutdown_from_inside_of_the_loop_is_an_error_and_not_a_deadlock() {
    let handle: Arc<std::sync::OnceLock<Handle>> = Arc::default();
    let inside = Arc::clone(&handle);
    let served = serve(application(move |_, start_response| {
        let outcome = inside.get().unwrap().shutdown();
        start_response.begin("200 OK", &[PLAIN])?;
        Ok(format!("{outcome:?}").into())
    }));
    handle.set(served.server().handle()).unwrap();
    let expected = format!("{:?}", Err::<(), _>(ServeError::ShutdownFromInside));
    assert_eq!(served.get("/").body, expected);
    assert_eq!(served.get("/").body, expected);
}

#[test]
fn a_server_does_not_serve_in_two_threads() {
    let served = serve(demo::hello);
    served.get("/");
    assert_eq!(
        served.server().serve_forever(),
        Err(ServeError::AlreadyServing)
    );
    assert_eq!(
        served.server().handle_request(),
        Err(ServeError::AlreadyServing)
    );
}

#[test]
fn verify_request_closes_without_an_answer() {
    let options = brief();
    let app = Arc::new(demo::hello);
    let mut server = WsgiServer::bind("127.0.0.1:0", app, options).unwrap();
    server.verify_request(|peer| !peer.ip().is_loopback());
    let mut client = std::net::TcpStream::connect(server.address()).unwrap();
    server.handle_request().unwrap();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut client, &mut answer).unwrap();
    assert_eq!(answer, b"");
}

#[test]
fn a_hundred_panics_cost_a_hundred_500s_and_nothing_else() {
    let served = serve(demo::application);
    for _ in 0..100 {
        assert_eq!(served.get("/panic").code(), "500");
    }
    assert_eq!(served.get("/").body, "Hello, World!");
}

#[test]
fn primes_are_counted_and_not_for_ever() {
    let served = serve(demo::application);
    for (below, count) in [(0, 0), (2, 0), (3, 1), (10, 4), (26, 9), (100, 25)] {
        let answer = served.get(&format!("/primes?n={below}"));
        assert_eq!(answer.body, format!("{count} primes below {below}\n"));
    }
    for path in ["/primes?n=1000001", "/primes?n=x", "/primes?n=-1"] {
        assert_eq!(served.get(path).code(), "400", "{path}");
    }
}

#[test]
fn head_and_bodiless_statuses_have_no_body() {
    let served = serve(application(|environ, start_response| {
        match &*environ.path_utf8_lossy() {
            "/204" => start_response.begin("204 No Content", &[])?,
            "/304" => start_response.begin("304 Not Modified", &[])?,
            _ => start_response.begin("200 OK", &[PLAIN])?,
        };
        Ok(match &*environ.path_utf8_lossy() {
            "/204" | "/304" => Body::Empty,
            _ => "four".into(),
        })
    }));
    let head = served.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        (head.header("content-length"), head.body.as_str()),
        (vec!["4"], "")
    );
    for path in ["/204", "/304"] {
        let answer = served.get(path);
        assert_eq!(
            (answer.header("content-length"), answer.body.as_str()),
            (vec![], ""),
            "{path}"
        );
    }
}

#[test]
fn an_unread_body_does_not_turn_the_answer_into_a_reset() {
    let limits = Limits {
        drain_timeout: Duration::from_secs(10),
        ..Limits::default()
    };
    let mut options = Options { ..brief() };
    options.settings.limits = limits;
    let served = serve_with(options, demo::hello, Complaints::default());
    for length in [900_000, 5_000_000] {
        let mut client = served.connect();
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
        ));
        client.send(vec![b'x'; length]);
        let answer = client.answer();
        let code = if length > 1024 * 1024 { "413" } else { "200" };
        assert_eq!((answer.code(), answer.was_reset), (code, false));
    }
}

#[test]
fn a_timeout_before_the_first_byte_is_silent_and_after_it_a_408() {
    let served = serve(demo::hello);
    let silent = served.connect().answer();
    assert_eq!((silent.head.as_str(), silent.was_reset), ("", false));
    let mut slow = served.connect();
    slow.send("GET / HT");
    assert_eq!(slow.answer().code(), "408");
}

#[test]
fn a_wrong_head_is_answered_with_the_reason_and_closed() {
    let served = serve(demo::hello);
    let answer = served.ask("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(
        (answer.code(), answer.header("connection")),
        ("400", vec!["close"])
    );
    assert!(answer.body.contains("no Host field"), "{}", answer.body);
    let answer = served.ask("\r\nHEAD /  HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((answer.code(), answer.body.as_str()), ("400", ""));
}

#[test]
fn what_the_client_sends_during_an_answer_does_not_cut_it_off() {
    let mut options = brief();
    options.settings.limits.drain_timeout = Duration::from_secs(10);
    let served = serve_with(options, demo::application, Complaints::default());
    for extra in ["\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut client = served.connect();
        client.send("GET /stream?n=3&ms=20 HTTP/1.1\r\nHost: a\r\n\r\n");
        client.receive_until("line 1 of 3\n");
        client.send(extra);
        let answer = client.answer();
        assert!(!answer.was_reset, "{extra:?}: {answer:?}");
        assert!(
            answer.head.ends_with("line 3 of 3\n"),
            "{extra:?}: {answer:?}"
        );
    }
}

#[test]
fn a_slow_application_is_not_taken_for_a_slow_client() {
    use std::io::Read;
    let served = serve(application(|environ, start_response| {
        let mut byte = [0];
        environ.input().read_exact(&mut byte)?;
        // Longer than the whole grace for the body.
        std::thread::sleep(Duration::from_millis(500));
        let mut rest = Vec::new();
        environ.input().read_to_end(&mut rest)?;
        start_response.begin("200 OK", &[PLAIN])?;
        Ok(rest.len().to_string().into())
    }));
    let mut client = served.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n");
    client.send([b'x'; 2000]);
    assert_eq!(client.answer().body, "1999");
}

#[test]
fn a_content_type_that_no_answer_may_have_does_not_fail_the_echo() {
    let served = serve(demo::application);
    let with = |value: &str| {
        served.ask(format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: {value}\r\nContent-Length: 2\r\n\r\nhi"
        ))
    };
    let tab = with("text/plain;\tcharset=utf-8");
    assert_eq!(
        (tab.code(), tab.header("content-type")),
        ("200", vec!["application/octet-stream"])
    );
    assert_eq!(with("text/plain; n=€").code(), "200");
}
