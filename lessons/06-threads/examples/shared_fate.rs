//! One request that uses up its stack, and what becomes of everybody else.
//!
//! `cargo run -p lesson06 --example shared_fate`: threads. With `-- processes` the same
//! application runs on lesson 5, a process for each connection.
//!
//! A panic unwinds and is caught. An overflow of the stack cannot be: there is no room left to
//! unwind in. The kernel ends the process, which is all threads at once.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{AppError, Body, Environ, Options, StartResponse, demo};
use lesson05::{ForkingServer, Forks, stop_bell};
use lesson06::{ThreadingServer, Threads};
use terminal::{Program, UsageError};

const PROGRAM: Program = Program {
    name: "shared_fate",
    about: "POST /nesting tells how deeply the brackets in its body are nested.",
    operand: Some(("processes", "on lesson 5 instead of lesson 6")),
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let options = Options {
            software: PROGRAM.name,
            ..Options::default()
        };
        let has_processes = match flags.operand() {
            None => false,
            Some("processes") => true,
            Some(other) => return Err(UsageError::new(format!("what is {other:?}?")).into()),
        };
        let app = Arc::new(application);
        let (listener, address, gateway) = options.listen(flags.text("addr"))?;
        listener.set_nonblocking(true)?;
        if has_processes {
            let server = ForkingServer::new(gateway, app, Forks::default())?;
            announce(PROGRAM.name, &listener, address)?;
            server.serve(listener);
        } else {
            let stop = stop_bell()?;
            let server = ThreadingServer::new(gateway, app, Threads::default())?;
            announce(PROGRAM.name, &listener, address)?;
            server.serve(listener, &stop);
        }
        Ok(())
    })
}

// ANCHOR: nesting
fn application(
    environ: &mut Environ<'_>,
    start_response: StartResponse<'_, '_>,
) -> Result<Body, AppError> {
    if environ.path_utf8_lossy() != "/nesting" {
        return demo::application(environ, start_response);
    }
    let mut body = Vec::new();
    environ.input().read_to_end(&mut body)?;
    let depth = nesting(&body);
    start_response.begin("200 OK", &[("Content-Type", "text/plain; charset=utf-8")])?;
    Ok(format!("{depth} deep\n").into())
}

/// How many brackets the text opens, each inside of the one before it.
///
/// It calls itself for each of them. That is how many parsers are written.
fn nesting(text: &[u8]) -> usize {
    match text.split_first() {
        Some((b'[', inside)) => 1 + black_box(nesting(black_box(inside))),
        _ => 0,
    }
}
// ANCHOR_END: nesting
