//! Applications without a framework, and what every application may do.

use crate::served::{Served, assert_nobody_complains, python_has, request};

fn served(app: &str, flags: &str) -> Option<Served> {
    python_has("wsgiref").then(|| Served::start(app, flags))
}

#[test]
fn the_smallest_application_says_hello_and_the_validator_is_silent() {
    let Some(served) = served("validated:wsgiapp", "") else {
        return;
    };
    for method in ["GET", "POST", "DELETE"] {
        let answer = served.ask(request(method, "/any/thing?at=all", "", b""));
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "Hello, World!\n")
        );
    }
    let head = served.ask(request("HEAD", "/", "", b""));
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_nobody_complains(&served.stop());
}

#[test]
fn the_validator_is_silent_around_the_demo() {
    let Some(served) = served("validated:demo", "") else {
        return;
    };
    for path in [
        "/",
        "/environ",
        "/stream?ms=0",
        "/sleep?ms=0",
        "/html",
        "/json",
    ] {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    assert_eq!(served.get("/nowhere").status, 404);
    assert_nobody_complains(&served.stop());
}

#[test]
fn two_applications_that_block_do_so_side_by_side() {
    let Some(served) = served("blocking:app", "--threads 2") else {
        return;
    };
    for _ in 0..10 {
        let ask = || served.client_that_sends(request("GET", "/", "", b""));
        let (mut one, mut other) = (ask(), ask());
        assert_eq!(one.answer().unwrap().text(), "together");
        assert_eq!(other.answer().unwrap().text(), "together");
    }
}
