//! Exercise 11-2, one solution: two waits at once, on two greenlets.
//!
//! `cargo run -p lesson11 --example exercise_11_2`, then
//! `cargo run -p check -- exercise 11-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use lesson03::{AppError, Application, Body, Environ, Options, StartResponse, demo};
use lesson05::stop_bell;
use lesson07::Rules;
use lesson08::Dispatcher;
use lesson11::{GreenServer, GreenSettings, current, pause, spawn, wait, wake};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_11_2",
    about: "Lesson 11, with a page that waits twice at the same time.",
    operand: None,
    flags: &[],
};

fn both(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    let query = environ.get("QUERY_STRING").unwrap_or_default();
    let time = query.strip_prefix("ms=").and_then(|text| text.parse().ok());
    let time = Duration::from_millis(time.unwrap_or(0));
    let (me, is_done) = (current()?, Rc::new(Cell::new(false)));
    let other = Rc::clone(&is_done);
    spawn(move || {
        pause(time);
        other.set(true);
        wake(me);
    })?;
    pause(time);
    while !is_done.get() {
        wait(None)?;
    }
    start_response.begin("200 OK", &[("Content-Type", "text/plain; charset=utf-8")])?;
    Ok("both\n".into())
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let apps: [(&str, Arc<dyn Application>); 2] = [
            ("/", Arc::new(demo::application)),
            ("/both", Arc::new(both)),
        ];
        let app = Arc::new(Dispatcher::new(apps)?);
        let options = Options::default();
        let (rules, settings) = (Rules::default(), GreenSettings::default());
        let stop = Arc::new(stop_bell()?);
        let server = GreenServer::bind(flags.text("addr"), app, options, rules, settings, stop)?;
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
