//! A framework is an application, so it can hold one, and any server can serve it: two
//! frameworks and lesson 3's demo, one inside of the other, on lesson 3's server.
//!
//! `cargo run -p lesson04 --example app_in_app`

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::announce;
use lesson03::{WsgiServer, demo};
use lesson04::{App, PlainText, Request};
use terminal::{Program, UsageError};

const PROGRAM: Program = Program {
    name: "app_in_app",
    about: "A shop that holds a blog that holds lesson 3's demo.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (host, port) = host_and_port(flags.text("addr"))?;
        // ANCHOR: builder
        let server = WsgiServer::new(shop()).host(host).port(port).bind()?;
        // ANCHOR_END: builder
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

fn host_and_port(address: &str) -> Result<(&str, u16), UsageError> {
    address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse().ok()?)))
        .ok_or_else(|| UsageError::new(format!("--addr takes HOST:PORT, not {address:?}")))
}

// ANCHOR: nested
fn shop() -> App {
    let mut shop = App::new();
    shop.route("/cart", |_: &mut Request| PlainText("the shop's cart\n"));
    shop.otherwise(blog());
    shop
}

fn blog() -> App {
    let mut blog = App::new();
    blog.route("/posts/{number}", |request: &mut Request| {
        let number = request.param("number").unwrap_or_default();
        PlainText(format!("the blog's post {number}\n"))
    });
    blog.on("POST", "/cart", |_: &mut Request| {
        PlainText("the blog's cart: never reached\n")
    });
    blog.otherwise(demo::application);
    blog
}
// ANCHOR_END: nested
