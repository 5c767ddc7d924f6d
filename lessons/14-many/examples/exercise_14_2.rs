//! Exercise 14-2, one solution: a worker that has served a hundred requests makes room for another.
//!
//! `cargo run -p lesson14 --example exercise_14_2`, then
//! `cargo run -p check -- exercise 14-2 --solution`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lesson03::{AppError, Application, Body, Environ, StartResponse};
use lesson05::Ended;
use lesson14::{FLAGS, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::getppid;
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_14_2",
    about: "Lesson 14, and no worker gets old.",
    operand: Some(("MODULE:CALLABLE", "the application (default demo:mounted)")),
    flags: FLAGS,
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        let around = |app| -> Arc<dyn Application> {
            Arc::new(Mortal {
                app,
                served: AtomicUsize::new(0),
            })
        };
        ended = start(flags, PROGRAM.name, &around)?;
        Ok(())
    });
    match ended {
        Ended::Clean => code,
        Ended::Forced => ExitCode::FAILURE,
    }
}

/// So many requests are a life.
const OLD: usize = 100;

/// An application that counts.
struct Mortal {
    app: Arc<dyn Application>,
    served: AtomicUsize,
}

impl Application for Mortal {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        if self.served.fetch_add(1, Ordering::Relaxed) + 1 == OLD {
            // Said once. The supervisor starts another one first, and this one goes on until then.
            kill(getppid(), Signal::SIGHUP)?;
        }
        self.app.respond(environ, start_response)
    }
}
