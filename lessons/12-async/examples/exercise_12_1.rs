//! Exercise 12-1, one solution: a page that gives up.
//!
//! `cargo run -p lesson12 --example exercise_12_1`, then
//! `cargo run -p check -- exercise 12-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lesson03::{AppError, Options, demo};
use lesson05::stop_bell;
use lesson07::Rules;
use lesson12::{AsyncAnswer, AsyncBody, AsyncServer, AsyncSettings, Scope};
use terminal::{Program, ready};
use tokio::time::{sleep, timeout};

const PROGRAM: Program = Program {
    name: "exercise_12_1",
    about: "Lesson 12, with a page that gives up.",
    operand: None,
    flags: &[],
};

async fn patient(scope: Scope, _body: Vec<u8>) -> Result<AsyncAnswer, AppError> {
    let query = scope.get("QUERY_STRING").unwrap_or("");
    let time = query.strip_prefix("ms=").and_then(|text| text.parse().ok());
    let work = sleep(Duration::from_millis(time.unwrap_or(0)));
    // Whichever is done first; the other one is dropped.
    let (status, text) = match timeout(Duration::from_millis(500), work).await {
        Ok(()) => ("200 OK", "in time\n"),
        Err(_) => ("504 Gateway Timeout", "given up\n"),
    };
    let body = AsyncBody::Bytes(text.into());
    Ok(AsyncAnswer::new(status, "text/plain; charset=utf-8", body))
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(demo::application);
        let options = Options::default();
        let (rules, settings) = (Rules::default(), AsyncSettings::default());
        let stop = Arc::new(stop_bell()?);
        let mut server =
            AsyncServer::bind(flags.text("addr"), app, options, rules, settings, stop)?;
        server.mount("/patient", patient);
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
