//! What the tests of this lesson have in common: a server with Python in it, if there is a Python.

#![allow(dead_code)] // Each test program needs some of it.

use std::path::Path;

use check::answer::Answer;
use check::client::{Client, GUARD};
use check::server::{Launch, Server};
use check::transcript::Transcript;
use kit::needed;

/// Starts an application of `tests/apps` or `apps`; `None`, and a word about it, without a Python.
pub(crate) fn serve(flags: &str) -> Option<Server> {
    if !needed::python() {
        return None;
    }
    let apps = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps");
    let flags = format!("--quiet --chdir {} {flags}", apps.display());
    let launch = Launch::lesson(env!("CARGO_BIN_EXE_lesson13"), &flags);
    Some(launch.start(None).unwrap())
}

/// A client that has asked.
pub(crate) fn asking(server: &Server, line: &str, rest: &str) -> Client {
    let mut client = Client::connect(1, server.address(), GUARD, Transcript::default()).unwrap();
    let request = format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{rest}");
    let ends = if rest.contains("\r\n\r\n") {
        ""
    } else {
        "\r\n"
    };
    client.send((request + ends).as_bytes()).unwrap();
    client
}

/// The answer to a `GET`.
pub(crate) fn get(server: &Server, path: &str) -> Answer {
    asking(server, &format!("GET {path}"), "").answer().unwrap()
}

/// The status and the body of the answer to a `GET`.
pub(crate) fn text(server: &Server, path: &str) -> (u16, String) {
    let answer = get(server, path);
    (
        answer.status,
        String::from_utf8_lossy(&answer.body).into_owned(),
    )
}
