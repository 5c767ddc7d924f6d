//! Exercise 07-2, one solution: a budget for the pages that take long.
//!
//! `cargo run -p lesson07 --example exercise_07_2`, then
//! `cargo run -p check -- exercise 07-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lesson03::{Application, Options, application, demo};
use lesson05::stop_bell;
use lesson07::{PoolServer, PoolSettings};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_07_2",
    about: "Lesson 7, whose slow pages may not take every worker.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (options, settings) = (Options::default(), PoolSettings::default());
        let stop = Arc::new(stop_bell()?);
        // Half of the workers: the other half is for everything else.
        let app = Arc::new(with_budget(
            demo::application,
            "/sleep",
            settings.threads / 2,
        ));
        let server = PoolServer::bind(flags.text("addr"), app, options, settings, stop)?;
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}

/// Lets at most `budget` requests at a time into `path` of an application.
fn with_budget(app: impl Application, path: &'static str, budget: usize) -> impl Application {
    let inside = AtomicUsize::new(0);
    application(move |environ, start_response| {
        if environ.path_utf8_lossy() != path {
            return app.respond(environ, start_response);
        }
        let turn = Turn::new(&inside);
        if turn.number > budget {
            let headers = [("Content-Type", "text/plain"), ("Retry-After", "1")];
            start_response.begin("503 Service Unavailable", &headers)?;
            return Ok("503 Service Unavailable: too many are in there\n".into());
        }
        app.respond(environ, start_response)
    })
}

/// One request inside. It is counted until it is dropped, even by a panic.
struct Turn<'c> {
    inside: &'c AtomicUsize,
    number: usize,
}

impl Turn<'_> {
    fn new(inside: &AtomicUsize) -> Turn<'_> {
        let number = inside.fetch_add(1, Ordering::SeqCst) + 1;
        Turn { inside, number }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}
