//! The framework over real sockets, behind lesson 3's server and validator.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use lesson03::validator::{Complaints, Validator};
use lesson03::{Application, Body, Handle, Options, WsgiServer, application};
use lesson04::{App, Failure, Html, Json, PlainText, Request, Response, demo, escape_html};
use serde_json::json;

/// A running server. Dropping it stops it, and fails the test if anybody broke PEP 3333.
struct Served {
    server: Arc<WsgiServer>,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
    complaints: Complaints,
}

fn serve(app: impl Application + 'static) -> Served {
    let validator = Validator::new(app);
    let complaints = validator.complaints();
    let mut options = Options::default();
    options.settings.quiet = true;
    let server = Arc::new(WsgiServer::bind("127.0.0.1:0", Arc::new(validator), options).unwrap());
    let handle = server.handle();
    let serving = Arc::clone(&server);
    let thread = thread::spawn(move || serving.serve_forever().unwrap());
    Served {
        server,
        handle,
        thread: Some(thread),
        complaints,
    }
}

impl Served {
    /// The answer to a request, as status line, headers and body.
    fn ask(&self, request: &str) -> (String, String, String) {
        let mut client = TcpStream::connect(self.server.address()).unwrap();
        client.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let (status, headers) = head.split_once("\r\n").unwrap();
        let status = status.strip_prefix("HTTP/1.1 ").unwrap();
        (status.to_owned(), format!("{headers}\r\n"), body.to_owned())
    }

    fn send(&self, method: &str, target: &str, body: &str) -> (String, String, String) {
        let length = body.len();
        self.ask(&format!(
            "{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn get(&self, target: &str) -> (String, String, String) {
        self.ask(&format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
        ))
    }

    fn body(&self, target: &str) -> String {
        self.get(target).2
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handle.shutdown().unwrap();
        self.thread.take().unwrap().join().unwrap();
        if !thread::panicking() {
            assert_eq!(self.complaints.list(), [""; 0]);
        }
    }
}

fn header<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    let lines = headers.lines().filter_map(|line| line.split_once(": "));
    lines
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .next()
}

#[test]
fn the_routes_of_the_tutorial_answer_byte_for_byte() {
    let served = serve(demo::app());
    for (path, content_type, body) in [
        ("/", "text/plain; charset=utf-8", "Hello, World!"),
        (
            "/html",
            "text/html; charset=utf-8",
            "<h1>Hello, World!</h1>",
        ),
        (
            "/json",
            "application/json",
            "{\"message\": \"Hello, World!\"}",
        ),
    ] {
        let (status, headers, answer) = served.get(path);
        assert_eq!((status.as_str(), answer.as_str()), ("200 OK", body));
        assert_eq!(header(&headers, "Content-Type"), Some(content_type));
        assert_eq!(
            header(&headers, "Content-Length"),
            Some(body.len().to_string().as_str())
        );
    }
}

#[test]
fn the_framework_leaves_other_paths_to_another_application() {
    let served = serve(demo::app());
    assert_eq!(served.body("/stream?n=1&ms=0"), "line 1 of 1\n");
    assert_eq!(served.send("POST", "/echo", "abc").2, "abc");
    assert_eq!(served.get("/nowhere").0, "404 Not Found");
}

#[test]
fn the_most_specific_route_wins_whatever_the_order() {
    let mut app = App::new();
    app.route("/*", |_: &mut Request| PlainText("rest"));
    app.route("/{name}", |r: &mut Request| {
        PlainText(format!("name {:?}", r.param("name")))
    });
    app.route("/me", |_: &mut Request| PlainText("me"));
    app.route("/{a}/x", |r: &mut Request| {
        PlainText(format!("a {:?}", r.param("a")))
    });
    app.route("/files", |_: &mut Request| PlainText("exactly files"));
    app.route("/files/*", |r: &mut Request| {
        PlainText(format!("files {:?}", r.param("*")))
    });
    let served = serve(app);
    assert_eq!(served.body("/me"), "me");
    assert_eq!(served.body("/you"), "name Some(\"you\")");
    assert_eq!(served.body("/you/x"), "a Some(\"you\")");
    assert_eq!(served.body("/files/x"), "files Some(\"x\")");
    assert_eq!(served.body("/files"), "exactly files");
    assert_eq!(served.body("/files/a/b%2Fc"), "files Some(\"a/b/c\")");
    assert_eq!(served.body("/you/y/z"), "rest");
    assert_eq!(served.body("/"), "rest");
}

#[test]
fn segments_are_split_before_they_are_decoded() {
    let mut app = App::new();
    app.route("/item/{id}", |r: &mut Request| {
        PlainText(r.param("id").unwrap().to_owned())
    });
    let served = serve(app);
    assert_eq!(served.body("/item/a%2Fb%20%E2%82%AC"), "a/b €");
    assert_eq!(served.get("/item/a/b").0, "404 Not Found");
    assert_eq!(served.get("/item/").0, "404 Not Found");
}

#[test]
fn a_changed_path_info_is_what_the_routes_see() {
    let mut inner = App::new();
    inner.route("/", |_: &mut Request| PlainText("root"));
    inner.route("/a b", |_: &mut Request| PlainText("changed"));
    inner.route("/{x}", |r: &mut Request| {
        PlainText(r.param("x").unwrap().to_owned())
    });
    let served = serve(application(move |environ, start_response| {
        match &*environ.path_utf8_lossy() {
            "/mount" => {
                environ.set("SCRIPT_NAME", "/mount");
                environ.set("PATH_INFO", "");
            }
            "/mount/x/y" => {
                environ.set("SCRIPT_NAME", "/mount");
                environ.set("PATH_INFO", "/x/y");
            }
            _ => environ.set("PATH_INFO", "/a b"),
        }
        inner.respond(environ, start_response)
    }));
    assert_eq!(served.body("/mount"), "root");
    assert_eq!(served.body("/mount/x%2Fy"), "x/y");
    assert_eq!(served.body("/elsewhere"), "changed");
}

#[test]
fn a_path_without_the_method_is_a_405_with_allow_and_options_tells_the_same() {
    let mut app = App::new();
    app.route("/item/{id}", |_: &mut Request| PlainText("got"));
    app.on("DELETE", "/item/{number}", |r: &mut Request| {
        PlainText(format!("gone {:?}", r.param("number")))
    });
    app.on("POST", "/post", |_: &mut Request| PlainText("posted"));
    let served = serve(app);
    let (status, headers, _) = served.send("PUT", "/item/1", "");
    assert_eq!(status, "405 Method Not Allowed");
    assert_eq!(
        header(&headers, "Allow"),
        Some("DELETE, GET, HEAD, OPTIONS")
    );
    assert_eq!(served.send("DELETE", "/item/1", "").2, "gone Some(\"1\")");
    let (status, headers, body) = served.send("OPTIONS", "/item/1", "");
    assert_eq!((status.as_str(), body.as_str()), ("204 No Content", ""));
    assert_eq!(
        header(&headers, "Allow"),
        Some("DELETE, GET, HEAD, OPTIONS")
    );
    let (status, headers, _) = served.send("HEAD", "/post", "");
    assert_eq!(status, "405 Method Not Allowed");
    assert_eq!(header(&headers, "Allow"), Some("OPTIONS, POST"));
    let (_, headers, _) = served.send("OPTIONS", "*", "");
    assert_eq!(
        header(&headers, "Allow"),
        Some("DELETE, GET, HEAD, OPTIONS, POST")
    );
    assert_eq!(served.send("PUT", "/nowhere", "").0, "404 Not Found");
}

#[test]
fn head_is_get_without_a_body() {
    let served = serve(demo::app());
    let (status, headers, body) = served.send("HEAD", "/html", "");
    assert_eq!((status.as_str(), body.as_str()), ("200 OK", ""));
    assert_eq!(header(&headers, "Content-Length"), Some("22"));
}

#[test]
fn a_request_shows_query_headers_and_the_gateway_below() {
    let mut app = App::new();
    app.route("/show/", |request: &mut Request| {
        let text = format!(
            "{} {} {:?} {:?} {:?} {:?} {:?} {:?}",
            request.method(),
            request.path(),
            request.query("a"),
            request.query_all("a"),
            request.query("none"),
            request.header("X-a").as_deref(),
            request.headers("x-A"),
            request.environ().get("HTTP_X_A"),
        );
        PlainText(text)
    });
    let served = serve(app);
    assert_eq!(
        served.body("/show/?a=1+%26&b=2&a=3"),
        "GET /show/ Some(\"1 &\") [\"1 &\", \"3\"] None Some(\"1\") [\"1\", \"2\"] Some(\"1,2\")"
    );
}

#[test]
fn bodies_are_bytes_text_json_or_forms_up_to_a_limit() {
    let mut app = App::new();
    app.body_limit(20);
    app.on("POST", "/bytes", |r: &mut Request| {
        r.body().map(|body| PlainText(body.len().to_string()))
    });
    app.on("POST", "/text", |r: &mut Request| r.text().map(PlainText));
    app.on("POST", "/json", |r: &mut Request| r.json().map(Json));
    app.on("POST", "/form", |r: &mut Request| r.form().map(Json));
    let served = serve(app);
    assert_eq!(served.send("POST", "/bytes", &"x".repeat(20)).2, "20");
    assert_eq!(
        served.send("POST", "/bytes", &"x".repeat(21)).0,
        "413 Content Too Large"
    );
    assert_eq!(served.send("POST", "/text", "é").2, "é");
    assert_eq!(
        served.send("POST", "/json", "{\"a\":[1,2]}").2,
        "{\"a\": [1, 2]}"
    );
    let (status, _, body) = served.send("POST", "/json", "{");
    assert_eq!(status, "400 Bad Request");
    assert!(
        body.starts_with("400 Bad Request: the body is not JSON: "),
        "{body}"
    );
    assert_eq!(
        served.send("POST", "/form", "a=1&a=%20+").2,
        "[[\"a\", \"1\"], [\"a\", \"  \"]]"
    );
}

#[test]
fn a_response_has_a_status_in_three_forms_and_headers_from_a_list_or_a_map() {
    let mut app = App::new();
    app.route("/number", |_: &mut Request| {
        Response::new("text/plain", "x").with_status(201)
    });
    app.route("/digits", |_: &mut Request| {
        Response::new("text/plain", "x").with_status("404")
    });
    app.route("/words", |_: &mut Request| {
        let map = BTreeMap::from([("X-Map", "1")]);
        Response::new("text/plain", "x")
            .with_status("299 Odd")
            .with_header("X-One", "1")
            .with_headers([("X-List", "1")])
            .with_headers(map)
    });
    app.route("/empty", |_: &mut Request| Response::empty(204));
    app.route("/chunks", |_: &mut Request| {
        Response::new(
            "text/plain",
            Body::chunks(vec![b"a".to_vec(), b"b".to_vec()]),
        )
    });
    app.route("/file", |_: &mut Request| -> Result<Response, Failure> {
        Ok(Response::file(
            "text/plain",
            std::fs::File::open("Cargo.toml")?,
        )?)
    });
    let served = serve(app);
    assert_eq!(served.get("/number").0, "201 Created");
    assert_eq!(served.get("/digits").0, "404 Not Found");
    let (status, headers, _) = served.get("/words");
    assert_eq!(status, "299 Odd");
    assert!(
        ["X-One", "X-List", "X-Map"]
            .iter()
            .all(|name| header(&headers, name) == Some("1"))
    );
    assert_eq!(served.get("/empty").0, "204 No Content");
    assert_eq!(served.body("/chunks"), "ab");
    let (_, headers, body) = served.get("/file");
    let file = std::fs::read_to_string("Cargo.toml").unwrap();
    assert_eq!(body, file);
    assert_eq!(
        header(&headers, "Content-Length"),
        Some(file.len().to_string().as_str())
    );
}

/// An application each of whose handlers fails.
fn failing(debug: bool) -> Served {
    let mut app = App::new();
    app.debug(debug);
    app.route("/told", |_: &mut Request| {
        Err::<Html<String>, _>(Failure::status(404, "no item"))
    });
    app.route(
        "/accident",
        |_: &mut Request| -> Result<PlainText<String>, Failure> {
            Ok(PlainText(std::fs::read_to_string("/the/secret/path")?))
        },
    );
    app.route("/panic", |_: &mut Request| -> PlainText<String> {
        panic!("a secret panic")
    });
    app.route("/fine", |_: &mut Request| PlainText("fine"));
    serve(app)
}

#[test]
fn failures_tell_the_client_nothing_but_what_was_meant_for_it() {
    let served = failing(false);
    let (status, _, body) = served.get("/told");
    assert_eq!(
        (status.as_str(), body.as_str()),
        ("404 Not Found", "404 Not Found: no item\n")
    );
    for path in ["/accident", "/panic"] {
        let (status, _, body) = served.get(path);
        assert_eq!(status, "500 Internal Server Error", "{path}");
        assert_eq!(body, "500 Internal Server Error\n", "{path}");
    }
    assert_eq!(served.body("/fine"), "fine");
}

#[test]
fn debugging_shows_what_went_wrong_and_where() {
    let served = failing(true);
    let (status, _, body) = served.get("/accident");
    assert_eq!(status, "500 Internal Server Error");
    assert!(body.contains("No such file or directory"), "{body}");
    assert!(
        body.contains("framework::failing"),
        "a backtrace names the handler: {body}"
    );
    assert!(served.body("/panic").contains("a secret panic"));
    let mut app = App::new();
    app.debug(true).otherwise(lesson03::demo::application);
    let body = serve(app).body("/panic");
    assert!(body.contains("this application always panics"), "{body}");
    assert_eq!(served.body("/fine"), "fine");
}

#[test]
fn a_body_that_ends_early_is_the_clients_fault_behind_a_framework_too() {
    let mut app = App::new();
    app.on("POST", "/", |r: &mut Request| r.text().map(PlainText));
    let served = serve(app);
    let mut client = TcpStream::connect(served.server.address()).unwrap();
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        .unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
}

#[test]
fn text_from_elsewhere_is_escaped_by_hand_and_json_by_itself() {
    let mut app = App::new();
    app.route("/html/{name}", |r: &mut Request| {
        Html(format!("<p>{}</p>", escape_html(r.param("name").unwrap())))
    });
    app.route("/json/{name}", |r: &mut Request| {
        Json(json!({"name": r.param("name")}))
    });
    let served = serve(app);
    assert_eq!(served.body("/html/%3Cb%3E%22"), "<p>&lt;b&gt;&quot;</p>");
    assert_eq!(
        served.body("/json/%22%0A%C3%A9"),
        "{\"name\": \"\\\"\\né\"}"
    );
}
