//! What belongs to one request, kept on an object that all requests share.
//!
//! `cargo run -p lesson06 --example shared_counter`, and two clients at once. With
//! `-- one-at-a-time` the same application runs on lesson 3, where it has always worked.
//!
//! Every access is locked or atomic, so the compiler is content. The mistake is in between.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use lesson01::announce;
use lesson03::{AppError, Application, Body, Environ, Options, StartResponse, WsgiServer};
use lesson05::stop_bell;
use lesson06::{ThreadingServer, Threads};
use terminal::{Program, UsageError};

const PROGRAM: Program = Program {
    name: "shared_counter",
    about: "Greets visitors and counts them, wrongly.",
    operand: Some(("one-at-a-time", "on lesson 3 instead of lesson 6")),
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(Reception::default());
        let options = Options {
            software: PROGRAM.name,
            ..Options::default()
        };
        match flags.operand() {
            Some("one-at-a-time") => {
                let server = WsgiServer::bind(flags.text("addr"), app, options)?;
                announce(PROGRAM.name, server.listener(), server.address())?;
                Ok(server.serve_forever()?)
            }
            Some(other) => Err(UsageError::new(format!("what is {other:?}?")).into()),
            None => {
                let (listener, address, gateway) = options.listen(flags.text("addr"))?;
                listener.set_nonblocking(true)?;
                let stop = stop_bell()?;
                let server = ThreadingServer::new(gateway, app, Threads::default())?;
                announce(PROGRAM.name, &listener, address)?;
                server.serve(listener, &stop);
                Ok(())
            }
        }
    })
}

// ANCHOR: reception
/// One object for all requests, and it remembers who is being served.
#[derive(Default)]
struct Reception {
    visitor: Mutex<String>,
    visitors: AtomicU64,
}

impl Application for Reception {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        if environ.path_utf8_lossy() != "/who" {
            let before = self.visitors.load(Ordering::SeqCst);
            *self.visitor() = argument(environ, "name").unwrap_or_else(|| "stranger".to_owned());
            look_something_up(argument(environ, "ms"));
            self.visitors.store(before + 1, Ordering::SeqCst);
        }
        let (visitor, count) = (self.visitor().clone(), self.visitors.load(Ordering::SeqCst));
        start_response.begin("200 OK", &[("Content-Type", "text/plain; charset=utf-8")])?;
        Ok(format!("Hello, {visitor}! Visitors so far: {count}\n").into())
    }
}

impl Reception {
    fn visitor(&self) -> MutexGuard<'_, String> {
        self.visitor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: reception

/// A database that is asked about the visitor, and takes its time.
fn look_something_up(milliseconds: Option<String>) {
    let milliseconds = milliseconds.and_then(|ms| ms.parse().ok());
    thread::sleep(Duration::from_millis(milliseconds.unwrap_or(0)));
}

/// The value of `name=` in the query.
fn argument(environ: &Environ<'_>, name: &str) -> Option<String> {
    let query = environ.get("QUERY_STRING")?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    Some(value.to_owned())
}
