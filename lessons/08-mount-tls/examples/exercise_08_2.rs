//! A solution of exercise 08-2: two names, two sites.

use std::process::ExitCode;
use std::sync::Arc;

use lesson02::SERVER_SETTINGS;
use lesson03::{AppError, Application, Body, Environ, Options, StartResponse};
use lesson05::stop_bell;
use lesson07::{PoolServer, PoolSettings};
use lesson08::demo;
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_08_2",
    about: "Serves a site for each name.",
    operand: None,
    flags: &[&SERVER_SETTINGS],
};

/// One application for one name, another for all others.
struct Named<A, B> {
    name: &'static str,
    app: A,
    otherwise: B,
}

impl<A: Application, B: Application> Application for Named<A, B> {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let host = environ.get("HTTP_HOST").unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        match name.eq_ignore_ascii_case(self.name) {
            true => self.app.respond(environ, start_response),
            false => self.otherwise.respond(environ, start_response),
        }
    }
}

fn sites() -> Result<impl Application, lesson08::MountError> {
    Ok(Named {
        name: "blog.localhost",
        app: demo::blog(),
        otherwise: demo::mounted()?,
    })
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let (settings, stop) = (PoolSettings::default(), Arc::new(stop_bell()?));
        let app = Arc::new(sites()?);
        let server = PoolServer::bind(flags.text("addr"), app, options, settings, stop)?;
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
