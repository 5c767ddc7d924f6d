//! Exercise 12-2, one solution: two waits at once, in one task.
//!
//! `cargo run -p lesson12 --example exercise_12_2`, then
//! `cargo run -p check -- exercise 12-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lesson03::{AppError, Options, demo};
use lesson05::stop_bell;
use lesson07::Rules;
use lesson12::{AsyncAnswer, AsyncBody, AsyncServer, AsyncSettings, Scope};
use terminal::{Program, ready};
use tokio::time::sleep;

const PROGRAM: Program = Program {
    name: "exercise_12_2",
    about: "Lesson 12, with a page that waits twice at the same time.",
    operand: None,
    flags: &[],
};

async fn both(scope: Scope, _body: Vec<u8>) -> Result<AsyncAnswer, AppError> {
    let query = scope.get("QUERY_STRING").unwrap_or("");
    let time = query.strip_prefix("ms=").and_then(|text| text.parse().ok());
    let time = Duration::from_millis(time.unwrap_or(0));
    // A future does nothing before it is polled. This polls the two of them in turn.
    tokio::join!(sleep(time), sleep(time));
    let (kind, body) = (
        "text/plain; charset=utf-8",
        AsyncBody::Bytes("both\n".into()),
    );
    Ok(AsyncAnswer::new("200 OK", kind, body))
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(demo::application);
        let options = Options::default();
        let (rules, settings) = (Rules::default(), AsyncSettings::default());
        let stop = Arc::new(stop_bell()?);
        let mut server =
            AsyncServer::bind(flags.text("addr"), app, options, rules, settings, stop)?;
        server.mount("/both", both);
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
