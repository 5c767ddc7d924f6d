//! Exercise 14-1, one solution: every answer says which worker it is from.
//!
//! `cargo run -p lesson14 --example exercise_14_1`, then
//! `cargo run -p check -- exercise 14-1 --solution`

#![forbid(unsafe_code)]

use std::process::{self, ExitCode};
use std::sync::Arc;

use lesson03::{AppError, Application, Body, Environ, StartError, StartResponse};
use lesson05::Ended;
use lesson14::{FLAGS, start};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_14_1",
    about: "Lesson 14, and each answer names its worker.",
    operand: Some(("MODULE:CALLABLE", "the application (default demo:mounted)")),
    flags: FLAGS,
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        ended = start(flags, PROGRAM.name, &|app| Arc::new(Signed(app)))?;
        Ok(())
    });
    match ended {
        Ended::Clean => code,
        Ended::Forced => ExitCode::FAILURE,
    }
}

/// An application whose answers carry one field more.
struct Signed(Arc<dyn Application>);

impl Application for Signed {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let mut start_response = Some(start_response);
        let mut begin = |status: &str, headers: &[(&str, &str)]| {
            let worker = process::id().to_string();
            let headers = [headers, &[("X-Worker", &worker)]].concat();
            match start_response.take() {
                Some(start_response) => start_response.begin(status, &headers),
                // It is consumed by its call, so there is no second one.
                None => Err(StartError::Status(status.to_owned())),
            }
        };
        self.0.respond(environ, StartResponse::new(&mut begin))
    }
}
