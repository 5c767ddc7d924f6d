//! Exercise 05-2, one solution: a request that may use one second of the processor.
//!
//! `cargo run -p lesson05 --example exercise_05_2`, then
//! `cargo run -p check -- exercise 05-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{AppError, Application, Body, Environ, Options, StartResponse, application, demo};
use lesson05::{ForkingServer, Forks};
use rustix::process::{Resource, Rlimit, setrlimit};
use terminal::{Program, say};

const PROGRAM: Program = Program {
    name: "exercise_05_2",
    about: "Lesson 5 where no request may compute for longer than a second; GET /spin tries.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let options = Options {
            software: PROGRAM.name,
            ..Options::default()
        };
        let (listener, address, gateway) = options.listen(flags.text("addr"))?;
        listener.set_nonblocking(true)?;
        let server = ForkingServer::new(gateway, Arc::new(limited(spinning)), Forks::default())?;
        announce(PROGRAM.name, &listener, address)?;
        server.serve(listener);
        say("stopped");
        Ok(())
    })
}

/// An application that takes a limit upon itself before another one runs.
///
/// The limit is one of the process, and this process is the child: it holds for this request and
/// no other. The time that counts is the time on a processor, so who sleeps uses none.
fn limited(app: impl Application) -> impl Application {
    application(move |environ, start_response| {
        let second = Rlimit {
            current: Some(1),
            maximum: Some(1),
        };
        setrlimit(Resource::Cpu, second).map_err(std::io::Error::from)?;
        app.respond(environ, start_response)
    })
}

/// Never comes back from `/spin`. A compiler may not remove a loop without an end.
fn spinning(environ: &mut Environ, start_response: StartResponse) -> Result<Body, AppError> {
    if environ.get("PATH_INFO").as_deref() == Some("/spin") {
        loop {
            std::hint::spin_loop();
        }
    }
    demo::application(environ, start_response)
}
