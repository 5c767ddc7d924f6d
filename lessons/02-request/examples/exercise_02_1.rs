//! Exercise 02-1, one solution: a page that does not exist.
//!
//! `cargo run -p lesson02 --example exercise_02_1`, then
//! `cargo run -p check -- exercise 02-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::{ReuseAddress, announce, listen, resolve};
use lesson02::{Page, Request, Settings, arm, hello, serve};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_02_1",
    about: "Lesson 2 with one page: / exists, everything else does not.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let settings = Settings::default();
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        arm(&listener, &settings.limits)?;
        announce(PROGRAM.name, &listener, address)?;
        serve(&listener, &settings, one_page)
    })
}

/// The path alone decides: `/?a=b` is the same page, whatever its query.
///
/// The path is empty in `GET http://host HTTP/1.1`, where it means `/` (RFC 9110 §4.2.3).
fn one_page(request: &Request) -> Page {
    match request.path() {
        "/" | "" => hello(request),
        _ => Page::text("404 Not Found", "404 Not Found: there is only /\n"),
    }
}
