//! Exercise 04-2, one solution: a collection that outlives its requests.
//!
//! `cargo run -p lesson04 --example exercise_04_2`, then
//! `cargo run -p check -- exercise 04-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lesson01::announce;
use lesson03::{Options, WsgiServer};
use lesson04::{App, Failure, IntoResponse, Json, Request, Response, demo};
use serde_json::{Value, json};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_04_2",
    about: "Lesson 4 with a collection: POST /items, GET /items/{number}.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let mut app = demo::app();
        add_items(&mut app);
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(app), Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

/// Titles in the order in which they came. Memory is finite, and so is this list.
#[derive(Default)]
struct Items(Mutex<Vec<String>>);

const MOST: usize = 1000;

impl Items {
    /// The list. A handler that panicked while it held the lock has left a whole list behind:
    /// `push` is the only change there is.
    fn titles(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both handlers own a share of the collection.
fn add_items(app: &mut App) {
    let items = Arc::new(Items::default());
    let same_items = Arc::clone(&items);
    app.on("POST", "/items", move |request: &mut Request| {
        create(&items, request)
    });
    app.route("/items/{number}", move |request: &mut Request| {
        show(&same_items, request)
    });
}

/// A 201 says where the new thing is (RFC 9110 §15.3.2).
fn create(items: &Items, request: &mut Request) -> Result<Response, Failure> {
    let item = request.json()?;
    let title = item["title"].as_str();
    let title = title.ok_or_else(|| Failure::status(422, "an item needs a title"))?;
    // The body is here: whoever holds the lock waits for no client.
    let mut titles = items.titles();
    if titles.len() == MOST {
        return Err(Failure::status(503, "there is no room for more items"));
    }
    titles.push(title.to_owned());
    let location = format!("/items/{}", titles.len());
    let response = Json(json!({"title": title})).into_response()?;
    Ok(response.with_status(201).with_header("Location", location))
}

fn show(items: &Items, request: &mut Request) -> Result<Json<Value>, Failure> {
    let nothing = || Failure::status(404, "there is no such item");
    let number = request.param("number").unwrap_or_default();
    let number: usize = number.parse().map_err(|_| nothing())?;
    let titles = items.titles();
    let title = titles.get(number.wrapping_sub(1)).ok_or_else(nothing)?;
    Ok(Json(json!({"title": title})))
}
