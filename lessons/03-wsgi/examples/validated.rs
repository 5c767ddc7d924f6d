//! An application with mistakes, behind the validator, which names them.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::validator::Validator;
use lesson03::{AppError, Body, Environ, Options, StartResponse, WsgiServer};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "validated",
    about: "A careless application behind a validator.",
    operand: None,
    flags: &[],
};

// ANCHOR: careless
fn careless(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    const PLAIN: (&str, &str) = ("Content-Type", "text/plain");
    let path = environ.path_utf8_lossy();
    let headers: &[_] = match path.as_ref() {
        "/no-type" => &[],
        "/too-short" => &[PLAIN, ("Content-Length", "10")],
        _ => &[PLAIN],
    };
    if path != "/no-begin" {
        start_response.begin("200 OK", headers)?;
    }
    Ok("fine\n".into())
}
// ANCHOR_END: careless

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(Validator::new(careless));
        let server = WsgiServer::bind(flags.text("addr"), app, Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}
