//! What a handler can learn from a request: path, query, headers, body.
//!
//! `cargo run -p lesson04 --example reading_requests`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{Options, WsgiServer};
use lesson04::{App, Failure, Json, PlainText, Request};
use serde_json::json;
use terminal::Program;

const PROGRAM: Program = Program {
    name: "reading_requests",
    about: "Shows what handlers are told. Bodies may have 64 bytes.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(app());
        let server = WsgiServer::bind(flags.text("addr"), app, Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

// ANCHOR: app
fn app() -> App {
    let mut app = App::new();
    app.body_limit(64);
    app.route("/item/{id}", item);
    app.route("/search", search);
    app.route("/headers", headers);
    app.on("POST", "/form", form);
    app.on("POST", "/json", title);
    app
}
// ANCHOR_END: app

// ANCHOR: item
fn item(request: &mut Request) -> PlainText<String> {
    let id = request.param("id").unwrap_or_default();
    let path_info = request.environ().path_utf8_lossy();
    PlainText(format!("id        = {id}\nPATH_INFO = {path_info}\n"))
}
// ANCHOR_END: item

// ANCHOR: query
fn search(request: &mut Request) -> Json<serde_json::Value> {
    Json(json!({
        "first tag": request.query("tag"),
        "all tags": request.query_all("tag"),
        "page": request.query("page"),
    }))
}

fn headers(request: &mut Request) -> Json<serde_json::Value> {
    Json(json!({
        "accept": request.header("accept"),
        "x-tag": request.headers("X-Tag"),
        "environ": request.environ().get("HTTP_X_TAG"),
    }))
}
// ANCHOR_END: query

// ANCHOR: body
fn form(request: &mut Request) -> Result<Json<Vec<(String, String)>>, Failure> {
    Ok(Json(request.form()?))
}

fn title(request: &mut Request) -> Result<PlainText<String>, Failure> {
    let item = request.json()?;
    let title = item["title"].as_str();
    let title = title.ok_or_else(|| Failure::status(422, "an item needs a title"))?;
    Ok(PlainText(format!("the title is {title}\n")))
}
// ANCHOR_END: body
