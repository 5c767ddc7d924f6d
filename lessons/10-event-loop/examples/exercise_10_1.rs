//! Exercise 10-1, one solution: a page that says how many connections are open.
//!
//! `cargo run -p lesson10 --example exercise_10_1`, then
//! `cargo run -p check -- exercise 10-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lesson02::Stream;
use lesson03::{AppError, Application, Body, Environ, Options, StartResponse, demo};
use lesson05::stop_bell;
use lesson07::{Adapter, Rules};
use lesson10::{LoopServer, LoopSettings};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_10_1",
    about: "Lesson 10 with a page that counts the connections.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let (options, rules) = (Options::default(), Rules::default());
        let (settings, stop) = (LoopSettings::default(), Arc::new(stop_bell()?));
        let open = Arc::new(AtomicUsize::new(0));
        let app = Arc::new(HowMany(Arc::clone(&open)));
        let server = LoopServer::bind(flags.text("addr"), app, options, rules, settings, stop)?;
        server.set_adapter(Some(Arc::new(Counter(open))));
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}

/// The demo, and `/open`.
struct HowMany(Arc<AtomicUsize>);

impl Application for HowMany {
    fn respond(
        &self,
        environ: &mut Environ,
        start_response: StartResponse,
    ) -> Result<Body, AppError> {
        if environ.path_utf8_lossy() != "/open" {
            return demo::application(environ, start_response);
        }
        let open = self.0.load(Ordering::Relaxed);
        start_response.begin("200 OK", &[("Content-Type", "text/plain; charset=utf-8")])?;
        Ok(open.to_string().into())
    }
}

/// Counts each connection for as long as its stream lives.
struct Counter(Arc<AtomicUsize>);

impl Adapter for Counter {
    fn wrap(&self, socket: Arc<TcpStream>) -> Box<dyn Stream> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::new(Counted {
            socket,
            open: Arc::clone(&self.0),
        })
    }
}

/// A plain stream that is counted.
struct Counted {
    socket: Arc<TcpStream>,
    open: Arc<AtomicUsize>,
}

impl Stream for Counted {
    fn socket(&self) -> &Arc<TcpStream> {
        &self.socket
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}
