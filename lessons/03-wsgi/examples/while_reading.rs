//! An application that answers while it still reads its request, through the `write` half.

#![forbid(unsafe_code)]

use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{AppError, Body, Environ, Options, StartResponse, WsgiServer};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "while_reading",
    about: "Tells how much of the body has come, while it comes.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(progress), Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

// ANCHOR: progress
fn progress(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let mut writer = start_response.begin("200 OK", &[("Content-Type", "text/plain")])?;
    let (mut piece, mut total) = ([0; 4096], 0);
    loop {
        match environ.input().read(&mut piece)? {
            0 => return Ok("that was all\n".into()),
            count => total += count,
        }
        writer.write_all(format!("{total} bytes so far\n").as_bytes())?;
    }
}
// ANCHOR_END: progress
