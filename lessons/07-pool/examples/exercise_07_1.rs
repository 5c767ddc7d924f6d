//! Exercise 07-1, one solution: a page that says how many workers have a client.
//!
//! `cargo run -p lesson07 --example exercise_07_1`, then
//! `cargo run -p check -- exercise 07-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::{Arc, Weak};

use lesson03::{AppError, Application, Body, Environ, Options, StartResponse, demo};
use lesson05::stop_bell;
use lesson07::{PoolServer, PoolSettings};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_07_1",
    about: "Lesson 7 with a page that says how busy it is.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (options, settings) = (Options::default(), PoolSettings::default());
        let stop = Arc::new(stop_bell()?);
        let demo = Arc::new(demo::application);
        let server = PoolServer::bind(flags.text("addr"), demo, options, settings, stop)?;
        let server = Arc::new(server);
        server.set_app(Busy {
            server: Arc::downgrade(&server),
        });
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}

/// The demo, and `/busy`.
///
/// The server holds the application, and the application asks the server. Two strong pointers in
/// a circle would keep each other alive for ever, so one of them is weak.
struct Busy {
    server: Weak<PoolServer>,
}

impl Application for Busy {
    fn respond(
        &self,
        environ: &mut Environ,
        start_response: StartResponse,
    ) -> Result<Body, AppError> {
        if environ.path_utf8_lossy() != "/busy" {
            return demo::application(environ, start_response);
        }
        let server = self.server.upgrade();
        let numbers = server.map(|server| server.pool().numbers());
        let busy = numbers.map_or(0, |numbers| numbers.live - numbers.idle);
        start_response.begin("200 OK", &[("Content-Type", "text/plain; charset=utf-8")])?;
        Ok(busy.to_string().into())
    }
}
