//! What did the server understand? The answer says it, part by part.
//!
//! `cargo run -p lesson02 --example understood`, then `curl 'http://127.0.0.1:8888/a%3Fb?c=d'`

#![forbid(unsafe_code)]

use std::process::ExitCode;

use lesson01::{ReuseAddress, announce, listen, resolve};
use lesson02::{Page, Request, Settings, arm, percent_decode, serve};
use terminal::{Program, visible};

const PROGRAM: Program = Program {
    name: "understood",
    about: "Answers with what it understood of the request.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let settings = Settings {
            quiet: true,
            ..Settings::default()
        };
        let address = resolve(flags.text("addr"))?;
        let listener = listen(address, 128, ReuseAddress::Yes)?;
        arm(&listener, &settings.limits)?;
        announce(PROGRAM.name, &listener, address)?;
        serve(&listener, &settings, |request| {
            Page::text("200 OK", understood(request))
        })
    })
}

// ANCHOR: understood
/// One line for each part of the request.
fn understood(request: &Request) -> String {
    let mut lines = vec![
        format!("method     {}", request.method()),
        format!("target     {}", request.target()),
        format!("authority  {}", request.authority().unwrap_or("none")),
        format!("path       {}", request.path()),
        format!(
            "decoded    {}",
            visible(&percent_decode(request.path().as_bytes()))
        ),
        format!("query      {}", request.query()),
        format!("version    {:?}", request.version()),
        format!("body       {:?}", request.head().framing()),
    ];
    for (name, value) in request.fields() {
        lines.push(format!("field      {name}: {}", visible(value)));
    }
    lines.join("\n") + "\n"
}
// ANCHOR_END: understood
