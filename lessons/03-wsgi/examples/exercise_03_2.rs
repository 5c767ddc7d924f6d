//! Exercise 03-2, one solution: count the lines of a body without keeping it.
//!
//! `cargo run -p lesson03 --example exercise_03_2`, then
//! `cargo run -p check -- exercise 03-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::io::{self, Read};
use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{AppError, Body, Environ, Input, Options, StartResponse, WsgiServer, demo};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_03_2",
    about: "Lesson 3 with one more route: POST /lines counts newlines.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(lines), Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

/// The demo application and `POST /lines`.
fn lines(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let method = environ.get("REQUEST_METHOD");
    if method.as_deref() != Some("POST") || environ.path_utf8_lossy() != "/lines" {
        return demo::application(environ, start_response);
    }
    let count = count_newlines(environ.input())?;
    start_response.begin("200 OK", &[("Content-Type", "text/plain; charset=utf-8")])?;
    Ok(count.to_string().into())
}

/// Reads a body of any size through one small buffer.
fn count_newlines(input: &mut Input) -> io::Result<usize> {
    let mut piece = [0; 8 * 1024];
    let mut count = 0;
    loop {
        match input.read(&mut piece)? {
            0 => return Ok(count),
            length => count += newlines(&piece[..length]),
        }
    }
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}
