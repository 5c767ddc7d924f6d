//! The demo of the tutorials: the same three routes, byte for byte.

// ANCHOR: imports
use lesson03::demo;
use serde_json::json;

use crate::{App, Html, Json, PlainText, Request};
// ANCHOR_END: imports

// ANCHOR: demo
/// `/`, `/html` and `/json`; everything else is lesson 3's demo application.
pub fn app() -> App {
    let mut app = App::new();
    app.route("/", hello);
    app.route("/html", html);
    app.route("/json", json);
    app.otherwise(demo::application);
    app
}

fn hello(_request: &mut Request) -> PlainText<&'static str> {
    PlainText("Hello, World!")
}

fn html(_request: &mut Request) -> Html<&'static str> {
    Html("<h1>Hello, World!</h1>")
}

fn json(_request: &mut Request) -> Json<serde_json::Value> {
    Json(json!({"message": "Hello, World!"}))
}
// ANCHOR_END: demo
