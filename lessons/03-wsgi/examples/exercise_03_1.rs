//! Exercise 03-1, one solution: a middleware that asks for a password.
//!
//! `cargo run -p lesson03 --example exercise_03_1`, then
//! `cargo run -p check -- exercise 03-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{Application, Environ, Options, WsgiServer, application, demo};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_03_1",
    about: "Lesson 3 behind a password: the name is user, the password is pass.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let app = Arc::new(with_password(demo::application));
        let server = WsgiServer::bind(flags.text("addr"), app, Options::default())?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        Ok(server.serve_forever()?)
    })
}

/// An application that holds another one, and lets a request through only with the password.
fn with_password(app: impl Application) -> impl Application {
    application(move |environ, start_response| {
        if is_known(environ) {
            return app.respond(environ, start_response);
        }
        // A 401 must say how to do better (RFC 9110 §11.6.1).
        let headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("WWW-Authenticate", "Basic realm=\"lesson 3\""),
        ];
        start_response.begin("401 Unauthorized", &headers)?;
        Ok("401 Unauthorized: name and password, please\n".into())
    })
}

/// `Basic` and base64 of `user:pass` (RFC 7617 §2). The name of the scheme may be in any case.
///
/// Base64 hides nothing: without TLS, everybody on the way can read the password.
fn is_known(environ: &Environ) -> bool {
    let credentials = environ.get("HTTP_AUTHORIZATION").unwrap_or_default();
    match credentials.split_once(' ') {
        Some((scheme, secret)) => {
            scheme.eq_ignore_ascii_case("Basic") && secret.trim_start() == "dXNlcjpwYXNz"
        }
        None => false,
    }
}
