//! A planted failure: a name from the path, put into HTML as it is, and the same escaped.
//!
//! `cargo run -p lesson04 --example unescaped`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{Options, WsgiServer};
use lesson04::{App, Html, Request, escape_html};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "unescaped",
    about: "/wrong/{name} believes its visitors; /right/{name} does not.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let mut app = App::new();
        app.route("/wrong/{name}", wrong);
        app.route("/right/{name}", right);
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(app), Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

// ANCHOR: wrong
fn wrong(request: &mut Request) -> Html<String> {
    let name = request.param("name").unwrap_or_default();
    Html(format!("<p>Hello, {name}!</p>\n"))
}

fn right(request: &mut Request) -> Html<String> {
    let name = escape_html(request.param("name").unwrap_or_default());
    Html(format!("<p>Hello, {name}!</p>\n"))
}
// ANCHOR_END: wrong
