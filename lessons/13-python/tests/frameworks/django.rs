//! Django: a form with its token, sessions, uploads, and connections to a database.

use std::collections::{HashMap, HashSet};

use crate::served::{Served, assert_nobody_complains, cookies, large_file, python_has, request};

fn served(app: &str, flags: &str) -> Option<Served> {
    python_has("django").then(|| Served::start(app, flags))
}

#[test]
fn the_hello_of_the_tutorial_is_answered() {
    let Some(served) = served("djangoapp:app", "") else {
        return;
    };
    let answer = served.get("/hello");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "Hello world from Django!\n")
    );
    let head = served.ask(request("HEAD", "/hello", "", b""));
    assert_eq!(
        (head.status, head.field("content-length")),
        (200, Some("25"))
    );
    assert_eq!(served.get("/nowhere").status, 404);
    assert_eq!(served.get("/gr%C3%BC%C3%9Fe").status, 404);
    assert_eq!(served.get("/upload").status, 405);
    assert_nobody_complains(&served.stop());
}

/// The token that is hidden in a form.
fn token(page: &str) -> &str {
    let (_, rest) = page
        .split_once("name=\"csrfmiddlewaretoken\" value=\"")
        .unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn a_form_is_taken_with_its_token_and_refused_without() {
    let Some(served) = served("validated:djangoapp", "") else {
        return;
    };
    assert_eq!(served.post("/guests", "", "name=Eve").status, 403);
    let page = served.get("/guests");
    let cookie = format!("Cookie: {}\r\n", cookies(&page));
    let form = format!(
        "name=Ada+L%C3%B6we&csrfmiddlewaretoken={}",
        token(&page.text())
    );
    let answer = served.post("/guests", &cookie, &form);
    assert_eq!(
        (answer.status, answer.field("location")),
        (302, Some("/guests"))
    );
    let page = served.get("/guests").text();
    assert!(
        page.contains("<li>Ada Löwe</li>") && !page.contains("Eve"),
        "{page}"
    );
    assert!(served.folder().join("guestbook.sqlite3").is_file());
}

#[test]
fn a_session_is_known_by_its_cookie() {
    let Some(served) = served("validated:djangoapp", "") else {
        return;
    };
    let first = served.get("/visits");
    assert_eq!(first.text(), "{\"visits\": 1}");
    let cookie = cookies(&first);
    assert_eq!(
        served.get_with("/visits", &cookie).text(),
        "{\"visits\": 2}"
    );
    // Two cookie fields are one variable.
    let two = format!("Cookie: colour=blue\r\nCookie: {cookie}\r\n");
    let answer = served.ask(request("GET", "/visits", &two, b""));
    assert_eq!(answer.text(), "{\"visits\": 3}");
    assert_eq!(served.get("/visits").text(), "{\"visits\": 1}");
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_large_file_is_uploaded_whole_with_a_length_and_in_chunks() {
    let Some(served) = served("validated:djangoapp", "") else {
        return;
    };
    let file = large_file();
    let told = format!("{{\"name\": \"cat.jpg\", \"size\": {}}}", file.len());
    assert_eq!(served.upload("/upload", &file).text(), told);
    assert_eq!(served.upload_in_chunks("/upload", &file).text(), told);
    let small = "{\"name\": \"cat.jpg\", \"size\": 3}";
    assert_eq!(served.upload("/upload", b"cat").text(), small);
    assert_eq!(served.upload_in_chunks("/upload", b"cat").text(), small);
    assert_nobody_complains(&served.stop());
}

#[test]
fn a_stream_and_a_file_are_sent_whole() {
    let Some(served) = served("validated:djangoapp", "") else {
        return;
    };
    let stream = served.get("/stream");
    assert_eq!(stream.text(), "line 1\nline 2\nline 3\n");
    assert_eq!(stream.field("transfer-encoding"), Some("chunked"));
    let source = include_str!("../../apps/guestbook/views.py");
    let file = served.get("/source");
    assert_eq!(file.text(), source);
    assert_eq!(
        file.field("content-length"),
        Some(&*source.len().to_string())
    );
    assert_nobody_complains(&served.stop());
}

#[test]
fn an_exception_in_a_view_is_a_500_with_its_traceback_in_the_log() {
    let Some(served) = served("more_django:app", "") else {
        return;
    };
    assert_eq!(served.get("/fail").status, 500);
    assert_eq!(served.get("/hello").status, 200);
    let said = served.stop();
    assert!(said.contains("RuntimeError: on purpose"), "{said}");
}

/// What `which_connection` tells: the thread, how often it was asked, and its connection.
fn told(text: &str) -> (String, u32, String) {
    let [thread, times, connection] = text.split('|').collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    (
        thread.to_owned(),
        times.parse().unwrap(),
        connection.to_owned(),
    )
}

#[test]
fn a_thread_keeps_its_connection_to_the_database_and_what_is_local_to_it() {
    let Some(served) = served("more_django:app", "--threads 3") else {
        return;
    };
    let mut connections = HashMap::new();
    let mut asked: HashMap<String, u32> = HashMap::new();
    let mut note = |text: &str| {
        let (thread, times, connection) = told(text);
        let known = connections
            .entry(thread.clone())
            .or_insert_with(|| connection.clone());
        assert_eq!(
            *known, connection,
            "{thread} has another connection than before"
        );
        let asked = asked.entry(thread).or_default();
        *asked += 1;
        assert_eq!(times, *asked, "what is local to a thread was lost");
    };
    for _ in 0..40 {
        note(&served.get("/which").text());
    }
    // Two at a time are two threads, each with its own.
    for _ in 0..5 {
        let ask = || served.client_that_sends(request("GET", "/meet", "", b""));
        let (mut one, mut other) = (ask(), ask());
        let texts = [one.answer().unwrap().text(), other.answer().unwrap().text()];
        let threads: HashSet<_> = texts.iter().map(|text| told(text).0).collect();
        assert_eq!(threads.len(), 2, "{texts:?}");
        // The second of them counts from when it left the barrier: in any order.
        texts.iter().for_each(|text| note(text));
    }
    assert!((2..=3).contains(&connections.len()), "{connections:?}");
    let different: HashSet<_> = connections.values().collect();
    assert_eq!(different.len(), connections.len(), "a connection is shared");
}
