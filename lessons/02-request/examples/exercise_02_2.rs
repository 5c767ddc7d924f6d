//! Exercise 02-2, one solution: tell clients what they call themselves.
//!
//! `cargo run -p lesson02 --example exercise_02_2`, then
//! `cargo run -p check -- exercise 02-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::{ReuseAddress, announce, listen, resolve};
use lesson02::{Page, Request, Settings, arm, hello, serve};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_02_2",
    about: "Lesson 2 that answers /agent with the client's User-Agent.",
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
        serve(&listener, &settings, |request| match request.path() {
            "/agent" => Page::text("200 OK", agent(request)),
            _ => hello(request),
        })
    })
}

/// The value of `User-Agent`, or `unknown`.
///
/// A field value may hold bytes that are no UTF-8 (RFC 9110 §5.5), and the page says that it is
/// UTF-8: what does not fit becomes U+FFFD. The page is `text/plain`, so a value such as
/// `<script>` stays text.
fn agent(request: &Request) -> String {
    match request.field("user-agent") {
        Some(value) => String::from_utf8_lossy(value).into_owned(),
        None => "unknown".to_owned(),
    }
}
