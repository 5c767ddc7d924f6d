//! An application that fails when half of its answer has left.
//!
//! `/` breaks off with an error, so the connection ends in a reset and the client knows. `/quiet`
//! swallows its error and stops early: the same bytes, and nobody can tell.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{AppError, Body, Environ, Options, StartResponse, WsgiServer};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "half_an_answer",
    about: "A database that goes away in the middle of a report.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(report), Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

// ANCHOR: report
fn report(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let is_quiet = environ.path_utf8_lossy() == "/quiet";
    start_response.begin("200 OK", &[("Content-Type", "text/plain")])?;
    let rows = (1..=3).map(|row| match row {
        1 => Ok(b"row 1 of 3\n".to_vec()),
        _ => Err(AppError::new("the database went away")),
    });
    if is_quiet {
        return Ok(Body::chunks(rows.map_while(Result::ok)));
    }
    Ok(Body::try_chunks(rows))
}
// ANCHOR_END: report
