//! FastAPI: an application that is awaited, by HTTP and by WebSocket, on both event loops.

use check::client::NoAnswer;
use check::server::{Launch, free_port};
use kit::patience::until;

use crate::served::{
    Served, assert_nobody_complains, cookies, large_file, python, python_has, request,
};
use crate::socket::Socket;

/// The event loops that Python has, and what must be installed for them.
const LOOPS: [(&str, &str); 2] = [("asyncio", "fastapi"), ("uvloop", "fastapi, uvloop")];

/// The application on Python's own loop.
fn served(app: &str) -> Option<Served> {
    python_has("fastapi").then(|| Served::start(app, ""))
}

/// The application on each of the loops: for what they do differently.
fn each(app: &str) -> impl Iterator<Item = Served> {
    let here = LOOPS.into_iter().filter(|(_, modules)| python_has(modules));
    here.map(move |(name, _)| Served::start(app, &format!("--loop {name}")))
}

#[test]
fn hello_is_answered_and_what_is_wrong_is_told() {
    let Some(served) = served("fastapiapp:app") else {
        return;
    };
    assert_eq!(served.get("/").text(), r#"{"Hello":"World"}"#);
    let twice = served.get("/hello/J%C3%BCrgen?times=2");
    assert_eq!(twice.text(), r#"{"hello":["Jürgen","Jürgen"]}"#);
    assert_eq!(served.get("/hello/Ada?times=often").status, 422);
    assert_eq!(served.get("/nowhere").status, 404);
    assert_eq!(served.get("/upload").status, 405);
    let head = served.ask(request("HEAD", "/", "", b""));
    assert_eq!((head.status, head.field("allow")), (405, Some("GET")));
    assert_eq!(served.get("/openapi.json").status, 200);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_form_is_kept_by_what_lives_as_long_as_the_server() {
    let Some(served) = served("fastapiapp:app") else {
        return;
    };
    assert_eq!(
        served.post("/names", "", "name=Ada").text(),
        r#"{"names":1}"#
    );
    assert_eq!(
        served.post("/names", "", "name=Bob").text(),
        r#"{"names":2}"#
    );
    assert_eq!(served.get("/names").text(), r#"["Ada","Bob"]"#);
    assert_eq!(served.post("/names", "", "nothing=here").status, 422);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_large_file_is_uploaded_whole_with_a_length_and_in_chunks() {
    for served in each("fastapiapp:app") {
        let file = large_file();
        let told = format!(r#"{{"name":"cat.jpg","size":{}}}"#, file.len());
        assert_eq!(served.upload("/upload", &file).text(), told);
        assert_eq!(served.upload_in_chunks("/upload", &file).text(), told);
        assert_nobody_complains(&served.stop());
    }
}

#[test]
fn a_piece_of_a_body_is_received_and_sent_back_before_the_next_one_comes() {
    for served in each("more_fastapi:app") {
        let head = "POST /gives_back HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let mut client = served.client_that_sends(head);
        for chunk in ["5\r\nfirst\r\n", "6\r\nsecond\r\n"] {
            client.send(chunk.as_bytes()).unwrap();
            until("it comes back", || {
                client.received().ends_with(chunk.as_bytes())
            });
        }
        client.send(b"0\r\n\r\n").unwrap();
        assert_eq!(client.answer().unwrap().text(), "firstsecond");
        let file = large_file();
        let long = served.ask(request("POST", "/gives_back", "", &file));
        assert!(long.body == file);
        assert_nobody_complains(&served.stop());
    }
}

#[test]
fn a_function_hears_that_its_client_has_left_in_the_middle_of_a_body() {
    for served in each("more_fastapi:app") {
        let half = "POST /counts HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf";
        served.client_that_sends(half).leave();
        assert_eq!(served.get("/has_left").text(), r#""it has left""#);
    }
}

#[test]
fn a_piece_is_sent_before_the_next_one_is_made() {
    for served in each("more_fastapi:app") {
        assert_eq!(served.get("/stream").text(), "line 1\nline 2\nline 3\n");
        let mut client = served.client_that_sends(request("GET", "/waits", "", b""));
        until("the first piece is here", || {
            client.received().windows(5).any(|bytes| bytes == b"first")
        });
        assert!(!client.is_answered());
        assert_eq!(served.get("/lets_it_go_on").text(), r#""it goes on""#);
        assert_eq!(client.answer().unwrap().text(), "firstsecond");
        assert_nobody_complains(&served.stop());
    }
}

#[test]
fn for_a_client_that_does_not_read_little_is_made() {
    for served in each("more_fastapi:app") {
        let made = served.made_for_one_that_does_not_read("/endless");
        assert!(made < 1000, "{made} pieces were made");
    }
}

#[test]
fn a_generator_is_ended_when_its_client_has_left() {
    for served in each("more_fastapi:app") {
        let client = served.client_that_sends(request("GET", "/endless", "", b""));
        client.reset();
        assert_eq!(served.get("/has_left").text(), r#""it has left""#);
    }
}

#[test]
fn functions_that_block_do_so_side_by_side_and_beside_the_loop() {
    let Some(served) = served("more_fastapi:app") else {
        return;
    };
    let ask = || served.client_that_sends(request("GET", "/meet", "", b""));
    let mut one = ask();
    assert_eq!(served.get("/hello/Ada").status, 200);
    assert!(!one.is_answered());
    let mut other = ask();
    assert_eq!(one.answer().unwrap().text(), r#""together""#);
    assert_eq!(other.answer().unwrap().text(), r#""together""#);
}

#[test]
fn cookies_and_paths_arrive_as_they_were_sent() {
    let Some(served) = served("more_fastapi:app") else {
        return;
    };
    let answer = served.get_with("/cookies", "c=3");
    assert_eq!(answer.text(), r#"{"c":"3"}"#);
    assert_eq!(cookies(&answer), "a=1; b=2");
    let two = "Cookie: a=1\r\nCookie: b=2\r\n";
    let answer = served.ask(request("GET", "/cookies", two, b""));
    assert_eq!(answer.text(), r#"{"a":"1","b":"2"}"#);
    let answer = served.get("/path/%E2%82%AC/a%2Fb?query");
    assert_eq!(
        answer.text(),
        r#"{"rest":"€/a/b","raw":"/path/%E2%82%AC/a%2Fb"}"#
    );
}

#[test]
fn an_exception_is_a_500_or_cuts_what_has_begun_and_the_log_has_its_traceback() {
    let Some(served) = served("more_fastapi:app") else {
        return;
    };
    assert_eq!(served.get("/fails").status, 500);
    let mut client = served.client_that_sends(request("GET", "/fails_midway", "", b""));
    let answer = client.answer();
    assert!(matches!(answer, Err(NoAnswer::Ended(_))), "{answer:?}");
    assert!(client.received().windows(5).any(|bytes| bytes == b"first"));
    assert_eq!(served.get("/").status, 200);
    let said = served.stop();
    assert!(said.contains("RuntimeError: on purpose"), "{said}");
}

#[test]
fn a_socket_gets_its_messages_back() {
    for served in each("fastapiapp:app") {
        let mut socket = Socket::open(&served, "/echo").ok().unwrap();
        let long = "ü".repeat(10_000);
        for text in ["hello", "", &long] {
            socket.say(0x81, text.as_bytes());
            assert_eq!(socket.hear(), (0x81, text.as_bytes().to_vec()));
        }
        // In two frames, with a ping between them.
        socket.say(0x01, b"two ");
        socket.say(0x89, b"ping");
        socket.say(0x80, b"frames");
        assert_eq!(socket.hear(), (0x8a, b"ping".to_vec()));
        assert_eq!(socket.hear(), (0x81, b"two frames".to_vec()));
        assert_eq!(served.get("/").status, 200);
        socket.say(0x88, &1000_u16.to_be_bytes());
        assert_eq!(socket.hear(), (0x88, 1000_u16.to_be_bytes().to_vec()));
        assert!(socket.ends());
        assert_nobody_complains(&served.stop());
    }
}

#[test]
fn a_socket_is_closed_and_refused_as_the_application_says() {
    let Some(served) = served("more_fastapi:app") else {
        return;
    };
    let mut socket = Socket::open(&served, "/closes").ok().unwrap();
    assert_eq!(socket.hear(), (0x82, b"bytes".to_vec()));
    let close = [&4321_u16.to_be_bytes()[..], b"enough"].concat();
    assert_eq!(socket.hear(), (0x88, close.clone()));
    socket.say(0x88, &close);
    assert!(socket.ends());
    for path in ["/refuses", "/nowhere"] {
        let answer = Socket::open(&served, path).err().unwrap();
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(served.get("/echo").status, 404);
}

#[test]
fn a_stop_tells_the_sockets_that_the_server_goes_away() {
    for served in each("fastapiapp:app") {
        let mut socket = Socket::open(&served, "/echo").ok().unwrap();
        socket.say(0x81, b"hello");
        assert_eq!(socket.hear().1, b"hello");
        let said = served.stop_while(|| {
            let (first, payload) = socket.hear();
            assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
            socket.say(0x88, &payload[..2]);
        });
        assert_nobody_complains(&said);
    }
}

/// As the tutorial prints it, but for the port, which may be in use.
const TUTORIAL: &str = r#"
from fastapi import FastAPI
from wsig.server import WSGIServer

app = FastAPI()

@app.get("/")
def read_root():
    return {"Hello": "World"}

server = WSGIServer(app=app, host='localhost', port=8000)
server.serve_forever()
"#;

#[test]
fn the_script_of_the_tutorial_runs_as_it_is_printed() {
    if !python_has("fastapi") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let apps = concat!(env!("CARGO_MANIFEST_DIR"), "/apps");
    // In the text above the tutorial the package is spelled `wsgi`. Both are there.
    for script in [TUTORIAL.to_owned(), TUTORIAL.replace("wsig", "wsgi")] {
        let port = free_port().unwrap();
        let file = folder.path().join("app.py");
        std::fs::write(&file, script.replace("8000", &port.to_string())).unwrap();
        let (python, file) = (python(), file.display());
        let command = format!("PYTHONPATH={apps} exec {python} {file}");
        let server = Launch::Command(command).start(Some(port)).unwrap();
        let served = Served::of(server, tempfile::tempdir().unwrap());
        assert_eq!(served.get("/").text(), r#"{"Hello":"World"}"#);
    }
    // Lesson 13 itself serves what the script has made.
    std::fs::write(folder.path().join("app.py"), TUTORIAL).unwrap();
    let served = Served::start("app:app", &format!("--chdir {}", folder.path().display()));
    assert_eq!(served.get("/").text(), r#"{"Hello":"World"}"#);
    served.stop();
}
