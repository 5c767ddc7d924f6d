//! One small application twice: written against environ, and with routes.
//!
//! `cargo run -p lesson04 --example before_and_after -- before`, and the same with `after`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::announce;
use lesson03::{AppError, Body, Environ, Options, Registry, StartResponse, WsgiServer};
use lesson04::{App, PlainText, Request};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "before_and_after",
    about: "The weather, by hand and with routes.",
    operand: Some(("VERSION", "before or after (default before)")),
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let registry = Registry::new()
            .callable("before", "application", before)
            .callable("after", "application", after());
        let app = registry.find(flags.operand().unwrap_or("before"))?;
        let server = WsgiServer::bind(flags.text("addr"), app, Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

// ANCHOR: before
/// `GET /weather/{city}?unit=…`, by hand.
fn before(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    const PLAIN: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");
    let path = environ.path_utf8_lossy().into_owned();
    let Some(city) = path.strip_prefix("/weather/") else {
        start_response.begin("404 Not Found", &[PLAIN])?;
        return Ok("404 Not Found\n".into());
    };
    if environ.get("REQUEST_METHOD").as_deref() != Some("GET") {
        start_response.begin("405 Method Not Allowed", &[PLAIN, ("Allow", "GET")])?;
        return Ok("405 Method Not Allowed\n".into());
    }
    let query = environ.get("QUERY_STRING").unwrap_or_default();
    let unit = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == "unit")
        .map_or("degrees", |(_, value)| value);
    start_response.begin("200 OK", &[PLAIN])?;
    Ok(format!("{city}: 7 {unit}\n").into())
}
// ANCHOR_END: before

// ANCHOR: after
/// `GET /weather/{city}?unit=…`, with a route.
fn after() -> App {
    let mut app = App::new();
    app.route("/weather/{city}", |request: &mut Request| {
        let city = request.param("city").unwrap_or_default();
        let unit = request.query("unit").unwrap_or("degrees".to_owned());
        PlainText(format!("{city}: 7 {unit}\n"))
    });
    app
}
// ANCHOR_END: after
