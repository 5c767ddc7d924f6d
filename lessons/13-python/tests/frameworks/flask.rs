//! Flask: forms, a session in a cookie, uploads, a stream and a file.

use crate::served::{Served, assert_nobody_complains, cookies, large_file, python_has, request};

fn served(app: &str) -> Option<Served> {
    python_has("flask").then(|| Served::start(app, ""))
}

#[test]
fn hello_is_answered_and_what_is_not_there_is_not() {
    let Some(served) = served("validated:flaskapp") else {
        return;
    };
    for path in ["/", "/hello", "/hello?name=%E2%82%AC"] {
        assert_eq!(
            served.get(path).text(),
            "Hello world from Flask!\n",
            "{path}"
        );
    }
    let head = served.ask(request("HEAD", "/hello", "", b""));
    assert_eq!(
        (head.status, head.field("content-length")),
        (200, Some("24"))
    );
    let options = served.ask(request("OPTIONS", "/name", "", b""));
    assert_eq!(options.status, 200);
    assert!(options.field("allow").unwrap().contains("POST"));
    assert_eq!(served.get("/nowhere").status, 404);
    assert_eq!(served.get("/upload").status, 405);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_form_is_kept_in_a_session() {
    let Some(served) = served("flaskapp:app") else {
        return;
    };
    assert_eq!(
        served.get("/name").text().trim(),
        r#"{"name":null,"visits":0}"#
    );
    let answer = served.post("/name", "", "name=Ada+L%C3%B6we");
    assert_eq!(
        (answer.status, answer.field("location")),
        (302, Some("/name"))
    );
    let cookie = cookies(&answer);
    let answer = served.get_with("/name", &cookie);
    assert_eq!(
        answer.text().trim(),
        r#"{"name":"Ada L\u00f6we","visits":1}"#
    );
    let again = served.post("/name", &format!("Cookie: {cookie}\r\n"), "name=Bob");
    let answer = served.get_with("/name", &cookies(&again));
    assert_eq!(answer.text().trim(), r#"{"name":"Bob","visits":2}"#);
    assert_eq!(served.post("/name", "", "nothing=here").status, 400);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_large_file_is_uploaded_whole_with_a_length_and_in_chunks() {
    let Some(served) = served("flaskapp:app") else {
        return;
    };
    let file = large_file();
    let told = format!(r#"{{"name":"cat.jpg","size":{}}}"#, file.len());
    assert_eq!(served.upload("/upload", &file).text().trim(), told);
    assert_eq!(
        served.upload_in_chunks("/upload", &file).text().trim(),
        told
    );
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_stream_and_a_file_are_sent_whole() {
    let Some(served) = served("validated:flaskapp") else {
        return;
    };
    let stream = served.get("/stream");
    assert_eq!(stream.text(), "line 1\nline 2\nline 3\n");
    assert_eq!(stream.field("transfer-encoding"), Some("chunked"));
    let source = include_str!("../../apps/flaskapp.py");
    let file = served.get("/source");
    assert_eq!(file.text(), source);
    let tag = file.field("etag").unwrap();
    let again = served.ask(request(
        "GET",
        "/source",
        &format!("If-None-Match: {tag}\r\n"),
        b"",
    ));
    assert_eq!((again.status, again.body.len()), (304, 0));
    let part = served.ask(request("GET", "/source", "Range: bytes=3-8\r\n", b""));
    assert_eq!((part.status, part.text().as_str()), (206, &source[3..9]));
    assert_nobody_complains(&served.stop());
}
