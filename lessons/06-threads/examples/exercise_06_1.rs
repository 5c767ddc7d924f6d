//! Exercise 06-1, one solution: how many requests are being answered?
//!
//! `cargo run -p lesson06 --example exercise_06_1`, then
//! `cargo run -p check -- exercise 06-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lesson01::announce;
use lesson03::{Application, Options, application, demo};
use lesson05::stop_bell;
use lesson06::{ThreadingServer, Threads};
use terminal::Program;

const PROGRAM: Program = Program {
    name: "exercise_06_1",
    about: "Lesson 6 with /busy, which tells how many requests are being answered.",
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
        let stop = stop_bell()?;
        let app = Arc::new(counted(demo::application));
        let server = ThreadingServer::new(gateway, app, Threads::default())?;
        announce(PROGRAM.name, &listener, address)?;
        server.serve(listener, &stop);
        Ok(())
    })
}

/// An application around another one that knows how many requests are inside.
fn counted(app: impl Application) -> impl Application {
    let inside = AtomicUsize::new(0);
    application(move |environ, start_response| {
        // The count is one step: adding, and knowing the sum, cannot be told apart by others.
        let busy = inside.fetch_add(1, Ordering::SeqCst) + 1;
        let _inside = Inside(&inside);
        if environ.path_utf8_lossy() != "/busy" {
            return app.respond(environ, start_response);
        }
        let headers = [("Content-Type", "text/plain; charset=utf-8")];
        start_response.begin("200 OK", &headers)?;
        Ok(format!("{busy}\n").into())
    })
}

/// One request inside. It counts itself out when it is dropped, and a panic drops it, too.
struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
