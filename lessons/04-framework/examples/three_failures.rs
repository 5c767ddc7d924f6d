//! Three ways to fail: told, by accident, and with a panic. Try it with and without `--debug`.
//!
//! `cargo run -p lesson04 --example three_failures -- --debug`

#![forbid(unsafe_code)]

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{Options, WsgiServer};
use lesson04::{App, Failure, PlainText, Request};
use terminal::{Flag, Program};

const PROGRAM: Program = Program {
    name: "three_failures",
    about: "Handlers that fail, and what the client learns of it.",
    operand: None,
    flags: &[&[DEBUG]],
};

const DEBUG: Flag = Flag {
    name: "debug",
    value: "",
    default: "",
    help: "show clients why a handler failed; never where strangers can look",
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let mut app = failing();
        app.debug(flags.switch("debug"));
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(app), Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

// ANCHOR: failing
fn failing() -> App {
    let mut app = App::new();
    app.route("/told", told);
    app.route("/accident", accident);
    app.route("/panic", panic);
    app
}

fn told(_request: &mut Request) -> Result<PlainText<String>, Failure> {
    Err(Failure::status(404, "there is no such order"))
}

fn accident(_request: &mut Request) -> Result<PlainText<String>, Failure> {
    let password = fs::read_to_string("/srv/shop/database-password")
        .map_err(|error| format!("the password for shop@10.0.0.7: {error}"))
        .map_err(std::io::Error::other)?;
    Ok(PlainText(format!("{} bytes\n", password.len())))
}

fn panic(_request: &mut Request) -> PlainText<String> {
    let orders: Vec<String> = Vec::new();
    PlainText(orders[0].clone())
}
// ANCHOR_END: failing
