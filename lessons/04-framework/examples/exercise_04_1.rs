//! Exercise 04-1, one solution: a page that greets by name, and believes nobody.
//!
//! `cargo run -p lesson04 --example exercise_04_1`, then
//! `cargo run -p check -- exercise 04-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{Options, WsgiServer};
use lesson04::{Html, Request, demo, escape_html};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_04_1",
    about: "Lesson 4 with one more route: GET /hello/{name}.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let mut app = demo::app();
        app.route("/hello/{name}", greet);
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(app), Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

/// The framework has decoded the name already. What is left to do is to keep it from being HTML.
fn greet(request: &mut Request) -> Html<String> {
    let name = escape_html(request.param("name").unwrap_or_default());
    Html(format!(
        "<!doctype html>\n<title>Hello</title>\n<h1>Hello, {name}!</h1>\n"
    ))
}
