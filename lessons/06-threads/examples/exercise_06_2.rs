//! Exercise 06-2, one solution: two sleepers, and no more.
//!
//! `cargo run -p lesson06 --example exercise_06_2`, then
//! `cargo run -p check -- exercise 06-2 --addr 127.0.0.1:8888`

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
    name: "exercise_06_2",
    about: "Lesson 6, where at most two requests sleep at a time.",
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
        let app = Arc::new(with_two_beds(demo::application));
        let server = ThreadingServer::new(gateway, app, Threads::default())?;
        announce(PROGRAM.name, &listener, address)?;
        server.serve(listener, &stop);
        Ok(())
    })
}

/// An application around another one that lets two requests for `/sleep` in, and turns further
/// ones away. Every other path is free.
fn with_two_beds(app: impl Application) -> impl Application {
    let beds = Beds(AtomicUsize::new(2));
    application(move |environ, start_response| {
        if environ.path_utf8_lossy() != "/sleep" {
            return app.respond(environ, start_response);
        }
        match beds.take() {
            Some(_bed) => app.respond(environ, start_response),
            None => {
                let headers = [
                    ("Content-Type", "text/plain; charset=utf-8"),
                    ("Retry-After", "1"),
                ];
                start_response.begin("503 Service Unavailable", &headers)?;
                Ok("503 Service Unavailable: all beds are taken\n".into())
            }
        }
    })
}

/// How many beds are free.
struct Beds(AtomicUsize);

impl Beds {
    /// Takes a bed, if there is one. Looking and taking is one step, or two could take the last.
    fn take(&self) -> Option<Bed<'_>> {
        let less = |free: usize| free.checked_sub(1);
        let taken = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        taken.is_ok().then_some(Bed(self))
    }
}

/// A bed that is free again when it is dropped, whatever the sleeper's fate.
struct Bed<'b>(&'b Beds);

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::SeqCst);
    }
}
