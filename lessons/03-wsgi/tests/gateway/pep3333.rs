//! PEP 3333, rule by rule: what the server owes the application, and the other way round.

use std::error::Error;
use std::fmt;
use std::io::{BufRead, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Waker;
use std::time::Instant;

use crate::served::{brief, serve, serve_unchecked, serve_with};
use lesson02::Page;
use lesson03::validator::Complaints;
use lesson03::{
    AppError, Body, Environ, Options, Protocol, StartError, StartResponse, Value, application, demo,
};

const PLAIN: (&str, &str) = ("Content-Type", "text/plain");

/// An application that answers with what `show` makes of the environ.
fn showing(
    show: impl Fn(&mut Environ) -> String + Send + Sync + 'static,
) -> impl lesson03::Application {
    application(move |environ, start_response| {
        let text = show(environ);
        start_response.begin("200 OK", &[PLAIN])?;
        Ok(text.into())
    })
}

/// Something that tells when it is dropped.
struct Tell(Arc<AtomicUsize>);

impl Drop for Tell {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

// ---- environ ----

#[test]
fn rule_1_required_variables_are_there_and_absent_ones_are_left_out() {
    let served = serve(showing(|environ| {
        let names = [
            "REQUEST_METHOD",
            "SCRIPT_NAME",
            "PATH_INFO",
            "QUERY_STRING",
            "CONTENT_TYPE",
        ];
        let more = ["CONTENT_LENGTH", "SERVER_PROTOCOL", "HTTP_HOST", "HTTP_X"];
        let show = |name: &&str| format!("{name}={:?}", environ.get(name));
        names
            .iter()
            .chain(&more)
            .map(show)
            .collect::<Vec<_>>()
            .join(" ")
    }));
    assert_eq!(
        served.get("/a?b=c").body,
        "REQUEST_METHOD=Some(\"GET\") SCRIPT_NAME=Some(\"\") PATH_INFO=Some(\"/a\") \
         QUERY_STRING=Some(\"b=c\") CONTENT_TYPE=None CONTENT_LENGTH=None \
         SERVER_PROTOCOL=Some(\"HTTP/1.1\") HTTP_HOST=Some(\"a\") HTTP_X=None"
    );
    let old =
        served.ask("BREW / HTTP/1.0\r\nX: \r\nContent-Type: t/x\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(
        old.body,
        "REQUEST_METHOD=Some(\"BREW\") SCRIPT_NAME=Some(\"\") PATH_INFO=Some(\"/\") \
         QUERY_STRING=Some(\"\") CONTENT_TYPE=Some(\"t/x\") CONTENT_LENGTH=Some(\"0\") \
         SERVER_PROTOCOL=Some(\"HTTP/1.0\") HTTP_HOST=None HTTP_X=Some(\"\")"
    );
}

#[test]
fn rule_1_server_name_and_port_are_the_bound_address() {
    let served = serve(showing(|environ| {
        format!(
            "{}:{}",
            environ.get("SERVER_NAME").unwrap(),
            environ.get("SERVER_PORT").unwrap()
        )
    }));
    assert_eq!(served.get("/").body, served.server().address().to_string());
}

#[test]
fn rule_2_the_wsgi_variables_tell_the_truth_about_this_server() {
    let served = serve(demo::environ);
    let body = served.get("/").body;
    for line in [
        "wsgi.version = (1, 0)",
        "wsgi.url_scheme = 'http'",
        "wsgi.multithread = False",
        "wsgi.multiprocess = False",
        "wsgi.run_once = False",
        "wsgi.input = <request body>",
        "wsgi.errors = <standard error>",
    ] {
        assert!(
            body.contains(&format!("\n{line}\n")),
            "{line} is missing from {body}"
        );
    }
}

#[test]
fn rule_3_an_application_may_change_its_environ_and_the_next_request_gets_a_new_one() {
    let served = serve(showing(|environ| {
        let before = environ.get("x.mine").map(|value| value.into_owned());
        let mark = environ.mark();
        environ.set("x.mine", "1");
        environ.set("PATH_INFO", "/elsewhere");
        environ.remove("QUERY_STRING");
        let inside = format!(
            "{:?} {:?} {:?}",
            environ.get("x.mine"),
            environ.get("PATH_INFO"),
            environ.get("QUERY_STRING")
        );
        environ.restore(mark);
        format!("{before:?} | {inside} | {:?}", environ.get("PATH_INFO"))
    }));
    let expected = "None | Some(\"1\") Some(\"/elsewhere\") None | Some(\"/a\")";
    assert_eq!(served.get("/a?q").body, expected);
    assert_eq!(served.get("/a?q").body, expected);
}

#[test]
fn rule_3_the_listing_shows_the_changed_environ_in_a_fixed_order() {
    let served = serve(showing(|environ| {
        environ.set("AAA", "first");
        environ.remove("SERVER_SOFTWARE");
        let names: Vec<_> = environ.iter().map(|(name, _)| name).collect();
        assert!(names.is_sorted());
        assert!(!names.contains(&"SERVER_SOFTWARE".to_owned()));
        names[0].clone()
    }));
    assert_eq!(served.get("/").body, "AAA");
}

#[test]
fn rule_4_strings_are_bytes_as_latin_1_and_the_bytes_are_to_be_had() {
    let served = serve(showing(|environ| {
        let path = environ.get("PATH_INFO").unwrap();
        let codes: Vec<u32> = path.chars().map(u32::from).collect();
        let field = environ
            .get("HTTP_X")
            .map(|value| value.chars().map(u32::from).collect());
        let field: Vec<u32> = field.unwrap_or_default();
        format!(
            "{codes:?} {:?} {} {field:?}",
            environ.path_bytes(),
            environ.path_utf8_lossy()
        )
    }));
    let euro = "[47, 226, 130, 172] [47, 226, 130, 172] /\u{e2}\u{82}\u{ac} []";
    assert_eq!(served.get("/%E2%82%AC").body, euro);
    let cp1252 = served.ask(b"GET /%80 HTTP/1.1\r\nHost: a\r\nX: \x80\xe9\r\n\r\n");
    // U+FFFD, the replacement character, is three bytes of UTF-8.
    assert_eq!(
        cp1252.body,
        "[47, 128] [47, 128] /\u{ef}\u{bf}\u{bd} [128, 233]"
    );
}

#[test]
fn rule_5_content_type_and_length_have_no_http_twins_and_paths_start_with_a_slash() {
    let served = serve(demo::environ);
    let body = served
        .ask("POST http://h?q HTTP/1.1\r\nHost: a\r\nContent-Type: t/x\r\nContent-Length: 1\r\n\r\nb")
        .body;
    assert!(body.contains("\nCONTENT_TYPE = 't/x'\n") && body.contains("\nCONTENT_LENGTH = '1'\n"));
    assert!(!body.contains("HTTP_CONTENT"), "{body}");
    assert!(
        body.contains("\nPATH_INFO = '/'\n") && body.contains("\nSCRIPT_NAME = ''\n"),
        "{body}"
    );
    assert!(
        body.contains("\nHTTP_HOST = 'h'\n"),
        "the target's host counts: {body}"
    );
}

#[test]
fn rule_6_duplicates_are_joined_and_names_with_an_underscore_are_dropped() {
    let served = serve(showing(|environ| {
        let names: Vec<_> = environ.iter().map(|(name, _)| name).collect();
        assert_eq!(names.iter().filter(|name| *name == "HTTP_X_A").count(), 1);
        format!(
            "{:?} {:?} {:?}",
            environ.get("HTTP_X_A"),
            environ.get("HTTP_COOKIE"),
            environ.get("HTTP_X_B")
        )
    }));
    let request = "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX_A: no\r\nCookie: a=b\r\nx-a: 2\r\n\
                   cookie: c=d\r\nX_B: no\r\n\r\n";
    assert_eq!(
        served.ask(request).body,
        "Some(\"1,2\") Some(\"a=b; c=d\") None"
    );
}

#[test]
fn rule_6_fields_that_can_be_there_once_are_never_joined() {
    let served = serve(demo::hello);
    for twice in [
        "Host: a\r\nHost: a",
        "Host: a\r\nContent-Type: a/b\r\nContent-Type: a/b",
    ] {
        assert_eq!(
            served
                .ask(format!("GET / HTTP/1.1\r\n{twice}\r\n\r\n"))
                .code(),
            "400"
        );
    }
}

#[test]
fn rule_7_and_9_every_variable_is_named_by_convention_and_documented() {
    const DOCUMENTATION: &str = include_str!("../../src/environ.rs");
    let served = serve(showing(|environ| {
        for (name, _) in environ.iter() {
            let documented = DOCUMENTATION.contains(&format!("`{name}`"));
            assert!(
                documented || name.starts_with("HTTP_"),
                "{name} is not documented"
            );
            let conventional = name.starts_with("wsgi.") || name.to_uppercase() == name;
            assert!(conventional, "{name}");
        }
        "all".to_owned()
    }));
    let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: t/x\r\nContent-Length: 1\r\n\r\nb";
    assert_eq!(served.ask(request).body, "all");
}

#[test]
fn rule_8_a_server_without_tls_does_not_claim_to_have_it() {
    let served = serve(showing(|environ| {
        format!(
            "{:?} {:?}",
            environ.get("HTTPS"),
            environ.get("wsgi.url_scheme")
        )
    }));
    assert_eq!(served.get("/").body, "None Some(\"http\")");
}

#[test]
fn rule_28_whoever_runs_the_server_can_add_variables_but_not_replace_any() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options = Options {
        server_name: Some("www.example".to_owned()),
        extra: vec![pair("MODE", "test"), pair("REQUEST_METHOD", "PUT")],
        ..brief()
    };
    let app = showing(|environ| {
        let listed: Vec<_> = environ.iter().filter(|(name, _)| name == "MODE").collect();
        assert_eq!(
            listed,
            [("MODE".to_owned(), Value::Text("test".to_owned()))]
        );
        ["MODE", "REQUEST_METHOD", "SERVER_NAME"]
            .map(|name| environ.get(name).unwrap())
            .join(" ")
    });
    let served = serve_with(options, app, Complaints::default());
    assert_eq!(served.get("/").body, "test GET www.example");
}

// ---- input and errors ----

#[test]
fn rule_10_input_ends_at_content_length_and_stays_at_its_end() {
    let served = serve(showing(|environ| {
        let input = environ.input();
        let mut two = [0; 2];
        input.read_exact(&mut two).unwrap();
        let mut line = String::new();
        input.read_line(&mut line).unwrap();
        let lines: Vec<_> = input.lines().map(Result::unwrap).collect();
        let again = environ.input().read(&mut [0; 8]).unwrap();
        let rest = environ.input().read_to_end(&mut Vec::new()).unwrap();
        format!("{two:?} {line:?} {lines:?} {again} {rest}")
    }));
    let mut client = served.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nabc");
    client.send("d\nef\ngh\niSURPLUS");
    assert_eq!(
        client.answer().body,
        "[97, 98] \"cd\\n\" [\"ef\", \"gh\", \"i\"] 0 0"
    );
}

#[test]
fn rule_10_errors_take_any_text() {
    let served = serve(showing(|environ| {
        writeln!(environ.errors(), "an application says: é€😀 \u{1b}[31m").unwrap();
        "ok".to_owned()
    }));
    assert_eq!(served.get("/").body, "ok");
}

#[test]
fn rule_11_the_first_read_sends_100_continue_and_nothing_is_received_before_it() {
    let served = serve(demo::application);
    let mut client = served.connect();
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(
        client.receive_until("\r\n\r\n"),
        "HTTP/1.1 100 Continue\r\n\r\n"
    );
    client.send("abc");
    let answer = client.answer();
    assert_eq!((answer.code(), answer.body.as_str()), ("200", "abc"));
}

#[test]
fn rule_11_an_application_that_never_reads_never_sends_100_continue() {
    let served = serve(demo::application);
    let answer = served
        .ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(
        (answer.code(), answer.body.as_str()),
        ("200", "Hello, World!")
    );
}

#[test]
fn rule_11_no_100_continue_after_the_final_head_or_for_http_1_0() {
    let served = serve(application(|environ, start_response| {
        let mut writer = start_response.begin("200 OK", &[PLAIN])?;
        writer.write_all(b"early ")?;
        let mut body = String::new();
        environ.input().read_to_string(&mut body)?;
        Ok(body.into())
    }));
    for version in ["1.1", "1.0"] {
        let mut client = served.connect();
        let fields = "Host: a\r\nContent-Length: 3\r\nExpect: 100-continue";
        client.send(format!("POST / HTTP/{version}\r\n{fields}\r\n\r\n"));
        assert!(
            client
                .receive_until("\r\n\r\n")
                .starts_with("HTTP/1.1 200 OK\r\n")
        );
        assert_eq!(client.receive_until(" "), "early ");
        client.send("abc");
        assert_eq!(client.receive_until("abc"), "abc");
    }
}

#[test]
fn rule_12_a_chunked_body_is_refused_honestly_before_lesson_07() {
    let served = serve(demo::application);
    let answer = served.ask(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    );
    assert_eq!(
        (answer.code(), answer.header("connection")),
        ("501", vec!["close"])
    );
    assert!(!answer.was_reset);
}

#[test]
fn a_body_that_ends_early_or_comes_too_slowly_is_the_clients_fault() {
    let served = serve(demo::application);
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc";
    let mut client = served.connect();
    client.send(head);
    client.done_sending();
    assert_eq!(client.answer().code(), "400");
    assert_eq!(served.ask(head).code(), "408");
}

// ---- start_response ----

#[test]
fn rule_13_and_14_a_wrong_status_or_header_is_an_error_where_it_is_made() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let app = {
        let seen = Arc::clone(&seen);
        application(move |environ, start_response| {
            let (status, name, value) = match &*environ.path_utf8_lossy() {
                "/status" => ("200", "X", "y"),
                "/name" => ("200 OK", "X Y", "y"),
                "/value" => ("200 OK", "X", "y\r\nX-Injected: yes"),
                _ => ("200 OK", "Content-Length", "1x"),
            };
            let error = start_response
                .begin(status, &[PLAIN, (name, value)])
                .map(drop);
            seen.lock().unwrap().push(error.clone().unwrap_err());
            error?;
            Ok("never".into())
        })
    };
    let served = serve_unchecked(app);
    for path in ["/status", "/name", "/value", "/length"] {
        let answer = served.get(path);
        assert_eq!(answer.code(), "500", "{path}");
        assert!(
            !answer.head.contains("Injected") && !answer.body.contains("never"),
            "{path}"
        );
    }
    let expected = [
        StartError::Status("200".to_owned()),
        StartError::HeaderName("X Y".to_owned()),
        StartError::HeaderValue("X".to_owned()),
        StartError::ContentLength("1x".to_owned()),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[test]
fn rule_15_headers_about_the_connection_are_fatal() {
    for name in [
        "Connection",
        "keep-alive",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    ] {
        let served = serve_unchecked(application(move |_, start_response| {
            start_response.begin("200 OK", &[PLAIN, (name, "x")])?;
            Ok("no".into())
        }));
        assert_eq!(served.get("/").code(), "500", "{name}");
    }
}

/// What nobody ever sees of it here.
struct NoProtocol;

impl Protocol for NoProtocol {
    fn name(&self) -> &'static str {
        "tea"
    }

    fn open(&mut self, _wake: Waker, _out: &mut Vec<u8>) {
        unreachable!("this server cannot switch");
    }

    fn receive(&mut self, _bytes: &mut [u8], _out: &mut Vec<u8>) -> usize {
        0
    }

    fn poll(&mut self, _now: Instant, _out: &mut Vec<u8>) -> Option<Instant> {
        None
    }

    fn is_over(&self) -> bool {
        true
    }

    fn lost(&mut self) {}
}

#[test]
fn a_switch_to_another_protocol_is_an_error_on_a_server_that_cannot() {
    let served = serve_unchecked(application(|environ, start_response| {
        let status = match &*environ.path_utf8_lossy() {
            "/101" => "101 Switching Protocols",
            _ => "200 OK",
        };
        start_response.begin(status, &[])?;
        Ok(Body::Upgrade(Box::new(NoProtocol)))
    }));
    for path in ["/101", "/200"] {
        let fields = "Host: a\r\nConnection: Upgrade\r\nUpgrade: tea";
        let answer = served.ask(format!("GET {path} HTTP/1.1\r\n{fields}\r\n\r\n"));
        assert_eq!(answer.code(), "500", "{path}");
    }
}

#[test]
fn rule_16_nothing_is_sent_before_the_first_piece_that_is_not_empty() {
    let served = serve(application(|_, start_response| {
        start_response.begin("200 OK", &[PLAIN, ("X-Old", "1")])?;
        let pieces = [Ok(Vec::new()), Err(AppError::new("too late? no"))];
        Ok(Body::try_chunks(pieces))
    }));
    let answer = served.get("/");
    assert_eq!((answer.code(), answer.header("x-old")), ("500", vec![]));
    assert!(!answer.was_reset && !answer.body.contains("too late"));
}

#[test]
fn rule_17_an_error_replaces_status_and_headers_before_the_first_byte() {
    let served = serve(application(|_, start_response| {
        start_response.begin("200 OK", &[PLAIN, ("X-Old", "1")])?;
        Err(AppError::new("oops").with_page(Page::text("503 Service Unavailable", "err")))
    }));
    let answer = served.get("/");
    assert_eq!(
        (answer.status(), answer.body.as_str()),
        ("503 Service Unavailable", "err")
    );
    assert_eq!(answer.header("x-old"), [""; 0]);
    assert_eq!(answer.header("content-length"), ["3"]);
}

#[test]
fn rule_17_the_page_of_an_error_is_checked_like_every_answer() {
    let served = serve(application(|environ, _| {
        let status = match environ.path_bytes().as_ref() {
            b"/split" => "200 OK\r\nX-Evil: 1",
            b"/none" => "204 No Content",
            _ => "too much",
        };
        Err(AppError::new("oops").with_page(Page::text(status, "err")))
    }));
    for path in ["/split", "/none", "/word"] {
        let answer = served.get(path);
        assert_eq!(answer.status(), "500 Internal Server Error", "{path}");
        assert_eq!(answer.header("x-evil"), [""; 0]);
    }
}

#[test]
fn rule_17_an_error_that_cannot_say_what_it_is_is_an_error_like_others() {
    #[derive(Debug)]
    struct Mute;

    impl fmt::Display for Mute {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    impl Error for Mute {}

    let served = serve(application(|_, _| Err(Mute.into())));
    for _ in 0..3 {
        assert_eq!(served.get("/").code(), "500");
    }
}

#[test]
fn rule_17_and_24_an_error_after_the_first_byte_resets_the_connection() {
    let failing = |pieces: fn() -> Body| {
        serve(application(move |_, start_response| {
            start_response.begin("200 OK", &[PLAIN])?;
            Ok(pieces())
        }))
    };
    let late_error = || Body::try_chunks([Ok(b"half".to_vec()), Err(AppError::new("late"))]);
    let late_panic = || {
        Body::chunks((0..2).map(|piece| match piece {
            0 => b"half".to_vec(),
            _ => panic!("late"),
        }))
    };
    for served in [failing(late_error), failing(late_panic)] {
        let mut client = served.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(
            client
                .receive_until("half")
                .starts_with("HTTP/1.1 200 OK\r\n")
        );
        assert!(
            client.answer().was_reset,
            "half an answer must not look whole"
        );
    }
}

#[test]
fn rule_17_a_refused_begin_cannot_be_ignored() {
    let served = serve_unchecked(application(|_, start_response| {
        let _ = start_response.begin("nonsense", &[]);
        Ok("never".into())
    }));
    assert_eq!(served.get("/").code(), "500");
}

#[test]
fn rule_18_date_and_server_are_added_when_missing_and_never_overwritten() {
    let own = [
        PLAIN,
        ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("server", "mine"),
    ];
    let served = serve(application(move |environ, start_response| {
        let headers = if environ.path_utf8_lossy() == "/own" {
            &own[..]
        } else {
            &own[..1]
        };
        start_response.begin("200 OK", headers)?;
        Ok("x".into())
    }));
    let added = served.get("/");
    assert_eq!(added.header("server"), ["lesson03"]);
    assert!(added.header("date")[0].ends_with(" GMT") && added.header("date").len() == 1);
    let kept = served.get("/own");
    assert_eq!(kept.header("server"), ["mine"]);
    assert_eq!(kept.header("date"), ["Thu, 01 Jan 1970 00:00:00 GMT"]);
}

// ---- body ----

#[test]
fn rule_19_each_piece_is_sent_before_the_next_one_is_made() {
    let (go, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(Some(wait));
    let served = serve(application(move |_, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        let wait = wait.lock().unwrap().take().unwrap();
        Ok(Body::chunks(
            ["first ", "", "second"]
                .into_iter()
                .enumerate()
                .map(move |(n, text)| {
                    if n == 2 {
                        // The client sends its permission only after it has the first piece.
                        wait.recv().unwrap();
                    }
                    text.as_bytes().to_vec()
                }),
        ))
    }));
    let mut client = served.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.receive_until("first ");
    go.send(()).unwrap();
    assert_eq!(client.receive_until("second"), "second");
}

#[test]
fn rule_20_a_body_of_one_piece_has_a_length_and_others_end_with_the_connection() {
    let served = serve(application(|environ, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        Ok(match &*environ.path_utf8_lossy() {
            "/bytes" => "four".into(),
            "/list" => Body::chunks(vec![b"four".to_vec()]),
            "/two" => Body::chunks(vec![b"fo".to_vec(), b"ur".to_vec()]),
            "/none" => Body::chunks(vec![]),
            _ => Body::Empty,
        })
    }));
    for (path, length, body) in [
        ("/bytes", Some("4"), "four"),
        ("/list", Some("4"), "four"),
        ("/two", None, "four"),
        ("/none", Some("0"), ""),
        ("/empty", Some("0"), ""),
    ] {
        let answer = served.get(path);
        assert_eq!(
            answer.header("content-length").first().copied(),
            length,
            "{path}"
        );
        assert_eq!(answer.header("connection"), ["close"], "{path}");
        assert_eq!(
            (answer.body.as_str(), answer.was_reset),
            (body, false),
            "{path}"
        );
    }
}

#[test]
fn rule_21_more_than_content_length_is_cut_and_less_closes_the_connection() {
    let served = serve_unchecked(application(|environ, start_response| {
        start_response.begin("200 OK", &[PLAIN, ("Content-Length", "4")])?;
        Ok(match &*environ.path_utf8_lossy() {
            "/over" => "abcdef".into(),
            "/over-in-pieces" => Body::chunks(vec![b"abc".to_vec(), b"def".to_vec()]),
            _ => "abc".into(),
        })
    }));
    assert_eq!(served.get("/over").body, "abcd");
    assert_eq!(served.get("/over-in-pieces").body, "abcd");
    let under = served.get("/under");
    assert_eq!(
        (under.header("content-length"), under.body.as_str()),
        (vec!["4"], "abc")
    );
}

#[test]
fn rule_22_what_is_written_goes_before_what_is_returned() {
    let served = serve(application(|_, start_response| {
        let mut writer = start_response.begin("200 OK", &[PLAIN])?;
        writer.write_all(b"W1 ")?;
        write!(writer, "W{} ", 2)?;
        Ok("R".into())
    }));
    let answer = served.get("/");
    assert_eq!(
        (answer.body.as_str(), answer.header("content-length")),
        ("W1 W2 R", vec![])
    );
}

#[test]
fn rule_22_a_response_can_stream_while_it_reads_its_request() {
    let served = serve(application(|environ, start_response| {
        let mut writer = start_response.begin("200 OK", &[PLAIN])?;
        let mut byte = [0];
        while environ.input().read(&mut byte)? > 0 {
            writer.write_all(&byte.map(|byte| byte.to_ascii_uppercase()))?;
        }
        Ok(Body::Empty)
    }));
    let mut client = served.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
    client.receive_until("\r\n\r\nA");
    client.send("b");
    assert_eq!(client.receive_until("B"), "B");
}

/// A body that counts how often it was closed.
fn counted(closed: &Arc<AtomicUsize>, pieces: Vec<Result<Vec<u8>, AppError>>) -> Body {
    let tell = Tell(Arc::clone(closed));
    Body::try_chunks(pieces.into_iter().inspect(move |_| {
        let _ = &tell;
    }))
}

#[test]
fn rule_23_a_body_is_closed_once_at_its_end_and_after_an_error() {
    let closed = Arc::new(AtomicUsize::new(0));
    let app = {
        let closed = Arc::clone(&closed);
        application(move |environ, start_response| {
            start_response.begin("200 OK", &[PLAIN])?;
            let piece = || Ok(b"x".to_vec());
            Ok(counted(
                &closed,
                match &*environ.path_utf8_lossy() {
                    "/error" => vec![piece(), Err(AppError::new("oops"))],
                    "/first" => vec![Err(AppError::new("oops")), piece()],
                    _ => vec![piece(), piece()],
                },
            ))
        })
    };
    let served = serve(app);
    for (number, path) in ["/", "/error", "/first"].into_iter().enumerate() {
        served.get(path);
        served.get("/settle"); // The server has closed the body before it takes this client.
        assert_eq!(closed.load(Ordering::SeqCst), 2 * number + 2, "{path}");
    }
    served.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    served.get("/settle");
    assert_eq!(
        closed.load(Ordering::SeqCst),
        8,
        "also when nobody wants to see it"
    );
}

#[test]
fn rule_23_a_body_is_closed_when_the_client_leaves_early() {
    let closed = Arc::new(AtomicUsize::new(0));
    let app = {
        let closed = Arc::clone(&closed);
        application(move |environ, start_response| {
            start_response.begin("200 OK", &[PLAIN])?;
            if environ.path_utf8_lossy() == "/hello" {
                return Ok("hello".into());
            }
            let tell = Tell(Arc::clone(&closed));
            Ok(Body::chunks(std::iter::repeat_with(move || {
                let _ = &tell;
                vec![b'x'; 64 * 1024]
            })))
        })
    };
    let served = serve(app);
    let mut client = served.connect();
    client.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    client.receive_until("xxx");
    drop(client);
    assert_eq!(served.get("/hello").body, "hello");
    assert_eq!(closed.load(Ordering::SeqCst), 1);
}

#[test]
fn rule_23_the_head_is_sent_before_the_body_is_closed() {
    struct Slow(mpsc::Receiver<()>);
    impl Drop for Slow {
        fn drop(&mut self) {
            self.0.recv().unwrap();
        }
    }
    let (go, wait) = mpsc::channel();
    let wait = Mutex::new(Some(wait));
    let served = serve(application(move |_, start_response| {
        start_response.begin("200 OK", &[PLAIN])?;
        let slow = Slow(wait.lock().unwrap().take().unwrap());
        Ok(Body::chunks(std::iter::from_fn(move || {
            let _ = &slow;
            None
        })))
    }));
    let mut client = served.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(
        client
            .receive_until("\r\n\r\n")
            .starts_with("HTTP/1.1 200 OK")
    );
    go.send(()).unwrap();
}

#[test]
fn rule_24_an_application_that_fails_costs_one_500_without_a_word_about_why() {
    let served = serve(application(|environ, start_response| {
        match &*environ.path_utf8_lossy() {
            "/error" => Err(AppError::new("the secret of the database")),
            "/panic" => panic!("the secret of the database"),
            "/silent" => Ok("no start_response".into()),
            "/drop" => {
                struct Bomb;
                impl Drop for Bomb {
                    fn drop(&mut self) {
                        panic!("in drop");
                    }
                }
                start_response.begin("200 OK", &[PLAIN])?;
                let bomb = Bomb;
                Ok(Body::chunks(std::iter::once_with(move || {
                    let _ = &bomb;
                    b"x".to_vec()
                })))
            }
            _ => demo::hello(environ, start_response),
        }
    }));
    for path in ["/error", "/panic", "/silent"] {
        let answer = served.get(path);
        assert_eq!(answer.status(), "500 Internal Server Error", "{path}");
        assert_eq!(answer.body, "500 Internal Server Error\n", "{path}");
        assert!(!answer.was_reset);
    }
    served.get("/drop");
    assert_eq!(served.get("/").body, "Hello, World!");
}

#[test]
fn rule_26_middleware_passes_start_response_on_and_sees_every_piece() {
    fn shouting(inner: impl lesson03::Application) -> impl lesson03::Application {
        application(move |environ, start_response| {
            let mut outer = Some(start_response);
            let mut begin = |status: &str, headers: &[(&str, &str)]| {
                let headers = [headers, &[("X-Middleware", "1")]].concat();
                outer
                    .take()
                    .expect("begin is called once")
                    .begin(status, &headers)
            };
            Ok(
                match inner.respond(environ, StartResponse::new(&mut begin))? {
                    Body::Chunks(chunks) => Body::try_chunks(
                        chunks.map(|chunk| chunk.map(|chunk| chunk.to_ascii_uppercase())),
                    ),
                    Body::Bytes(bytes) => bytes.to_ascii_uppercase().into(),
                    other @ (Body::Empty | Body::Upgrade(_)) => other,
                },
            )
        })
    }
    let served = serve(shouting(demo::application));
    let answer = served.get("/stream?n=2&ms=0");
    assert_eq!(
        (answer.body.as_str(), answer.header("x-middleware")),
        ("LINE 1 OF 2\nLINE 2 OF 2\n", vec!["1"])
    );
    assert_eq!(served.get("/").body, "HELLO, WORLD!");
}

#[test]
fn rule_27_the_application_is_never_called_while_it_runs() {
    let inside = AtomicBool::new(false);
    let served = serve(application(move |environ, start_response| {
        assert!(!inside.swap(true, Ordering::SeqCst), "called while it runs");
        let answer = demo::sleep(environ, start_response);
        inside.store(false, Ordering::SeqCst);
        answer
    }));
    let mut clients: Vec<_> = (0..5).map(|_| served.connect()).collect();
    clients
        .iter_mut()
        .for_each(|client| client.send("GET /?ms=5 HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(
        clients
            .into_iter()
            .all(|client| client.answer().code() == "200")
    );
}

#[test]
fn the_validator_finds_applications_that_break_their_promise() {
    let served = serve(application(|environ, start_response| {
        let path = environ.path_utf8_lossy().into_owned();
        let headers: &[(&str, &str)] = match &*path {
            "/untyped" => &[],
            "/typed-204" | "/long" | "/short" => &[PLAIN, ("Content-Length", "2")],
            "/full-204" => &[],
            _ => &[PLAIN],
        };
        let status = if path.ends_with("204") {
            "204 No Content"
        } else {
            "200 OK"
        };
        start_response.begin(status, headers)?;
        Ok(match &*path {
            "/long" => Body::chunks(vec![b"abc".to_vec(), b"d".to_vec()]),
            "/short" => "a".into(),
            _ => "body".into(),
        })
    }));
    for path in ["/untyped", "/typed-204", "/full-204", "/long", "/short"] {
        assert_eq!(served.get(path).code(), "500", "{path}");
    }
    assert_eq!(served.get("/fine").code(), "200");
}

#[test]
fn the_validator_finds_servers_that_break_a_rule() {
    let served = serve_unchecked(application(|environ, start_response| {
        let validator = lesson03::validator::Validator::new(demo::hello);
        let complaints = validator.complaints();
        environ.set("SCRIPT_NAME", "/");
        environ.set("PATH_INFO", "no-slash");
        environ.set("HTTP_CONTENT_TYPE", "x");
        environ.set("HTTP_X", "€");
        environ.remove("SERVER_NAME");
        lesson03::Application::respond(&validator, environ, start_response)?;
        Ok(complaints.list().join("\n").into())
    }));
    let found = served.get("/").body;
    let rules = [
        "SCRIPT_NAME must not",
        "PATH_INFO must",
        "HTTP_CONTENT_TYPE",
        "HTTP_X",
        "SERVER_NAME must",
    ];
    for rule in rules {
        assert!(found.contains(rule), "{rule} is missing from {found}");
    }
}
