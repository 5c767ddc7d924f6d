//! Which route wins: the most specific one, in whatever order they are written.
//!
//! `cargo run -p lesson04 --example specificity`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{Options, WsgiServer};
use lesson04::{App, PlainText, Request};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "specificity",
    about: "Five routes in the worst order, and one of them for another method.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(routes());
        let server = WsgiServer::bind(flags.text("addr"), app, Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

// ANCHOR: routes
/// Every handler answers with the route that led to it.
fn routes() -> App {
    let mut app = App::new();
    app.route("/*", |request: &mut Request| tell(request, "/*", "*"));
    app.route("/{name}", |request: &mut Request| {
        tell(request, "/{name}", "name")
    });
    app.route("/files/*", |request: &mut Request| {
        tell(request, "/files/*", "*")
    });
    app.route("/me", |request: &mut Request| tell(request, "/me", "-"));
    app.on("DELETE", "/{who}", |request: &mut Request| {
        tell(request, "DELETE /{who}", "who")
    });
    app
}

fn tell(request: &Request, route: &str, name: &str) -> PlainText<String> {
    let value = request.param(name).unwrap_or("nothing");
    PlainText(format!("{route} with {name} = {value}\n"))
}
// ANCHOR_END: routes
