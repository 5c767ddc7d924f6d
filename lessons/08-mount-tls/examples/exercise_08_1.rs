//! A solution of exercise 08-1: from http to https.

use std::process::ExitCode;
use std::sync::Arc;

use lesson02::SERVER_SETTINGS;
use lesson03::{AppError, Application, Body, Environ, Options, StartResponse};
use lesson05::stop_bell;
use lesson07::{PoolServer, PoolSettings};
use lesson08::demo;
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_08_1",
    about: "Sends everybody to https.",
    operand: None,
    flags: &[&SERVER_SETTINGS],
};

/// Serves what came through TLS, and sends everything else there.
struct OnlySecured<A>(A);

impl<A: Application> Application for OnlySecured<A> {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        if environ.get("wsgi.url_scheme").as_deref() == Some("https") {
            return self.0.respond(environ, start_response);
        }
        let Some(host) = environ.get("HTTP_HOST") else {
            // An old client need not say whom it wants.
            start_response.begin("400 Bad Request", &[("Content-Type", "text/plain")])?;
            return Ok("400 Bad Request: which host?\n".into());
        };
        let target = environ.request().target();
        // A target in absolute form has a host of its own, which is in HTTP_HOST already. An
        // asterisk is no path: it means the server itself.
        let path = match target.split_once("://") {
            Some((_, rest)) => rest.find(['/', '?']).map_or("", |at| &rest[at..]),
            None if target == "*" => "",
            None => target,
        };
        let place = format!("https://{}{path}", without_port(&host));
        // Permanent, and with the same method (RFC 9110 §15.4.9): a POST stays a POST.
        let fields = [("Location", place.as_str()), ("Content-Type", "text/plain")];
        start_response.begin("308 Permanent Redirect", &fields)?;
        Ok(format!("Go to {place}\n").into())
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The last colon of an IPv6 address stands before its closing bracket.
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let options = Options::from_flags(flags, PROGRAM.name)?;
        let (settings, stop) = (PoolSettings::default(), Arc::new(stop_bell()?));
        let app = Arc::new(OnlySecured(demo::mounted()?));
        let server = PoolServer::bind(flags.text("addr"), app, options, settings, stop)?;
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
