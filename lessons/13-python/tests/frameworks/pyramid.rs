//! Pyramid: routes, a form, a session in a cookie, uploads, a stream and a file.

use crate::served::{Served, assert_nobody_complains, cookies, large_file, python_has, request};

fn served(app: &str, flags: &str) -> Option<Served> {
    python_has("pyramid").then(|| Served::start(app, flags))
}

#[test]
fn hello_is_answered_and_what_is_not_there_is_not() {
    let Some(served) = served("validated:pyramidapp", "") else {
        return;
    };
    assert_eq!(served.get("/hello").text(), "Hello world from Pyramid!\n");
    let head = served.ask(request("HEAD", "/hello", "", b""));
    assert_eq!(
        (head.status, head.field("content-length")),
        (200, Some("26"))
    );
    assert_eq!(served.get("/nowhere").status, 404);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_function_that_makes_the_application_is_called() {
    let Some(served) = served("pyramidapp:make_app", "--call") else {
        return;
    };
    assert_eq!(served.get("/hello").status, 200);
}

#[test]
fn a_form_is_kept_in_a_session() {
    let Some(served) = served("validated:pyramidapp", "") else {
        return;
    };
    assert_eq!(served.get("/name").text(), r#"{"name": null}"#);
    let answer = served.post("/name", "", "name=Ada+L%C3%B6we");
    assert_eq!(answer.status, 302);
    assert!(answer.field("location").unwrap().ends_with("/name"));
    let answer = served.get_with("/name", &cookies(&answer));
    assert_eq!(answer.text(), r#"{"name": "Ada L\u00f6we"}"#);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_large_file_is_uploaded_whole_with_a_length_and_in_chunks() {
    let Some(served) = served("pyramidapp:app", "") else {
        return;
    };
    let file = large_file();
    let told = format!(r#"{{"name": "cat.jpg", "size": {}}}"#, file.len());
    assert_eq!(served.upload("/upload", &file).text(), told);
    assert_eq!(served.upload_in_chunks("/upload", &file).text(), told);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_stream_and_a_file_are_sent_whole() {
    let Some(served) = served("validated:pyramidapp", "") else {
        return;
    };
    assert_eq!(served.get("/stream").text(), "line 1\nline 2\nline 3\n");
    let source = include_str!("../../apps/pyramidapp.py");
    assert_eq!(served.get("/source").text(), source);
    assert_nobody_complains(&served.stop());
}
