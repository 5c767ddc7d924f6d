//! Exercise 05-1, one solution: a number that all children share.
//!
//! `cargo run -p lesson05 --example exercise_05_1`, then
//! `cargo run -p check -- exercise 05-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use lesson01::announce;
use lesson03::{Application, Options, application, demo};
use lesson05::{ForkingServer, Forks};
use terminal::{Program, say};

const PROGRAM: Program = Program {
    name: "exercise_05_1",
    about: "Lesson 5 with a counter: GET /count answers 1, then 2, then 3.",
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
        let app = Arc::new(with_count(Count::new()?, demo::application));
        let server = ForkingServer::new(gateway, app, Forks::default())?;
        announce(PROGRAM.name, &listener, address)?;
        server.serve(listener);
        say("stopped");
        Ok(())
    })
}

/// An application that answers `/count` itself, and leaves the rest to another one.
fn with_count(count: Count, app: impl Application) -> impl Application {
    application(move |environ, start_response| {
        if environ.get("PATH_INFO").as_deref() != Some("/count") {
            return app.respond(environ, start_response);
        }
        let number = count.next()?;
        start_response.begin("200 OK", &[("Content-Type", "text/plain")])?;
        Ok(format!("{number}\n").into())
    })
}

/// A number in a pipe.
///
/// A fork copies memory, but not what a descriptor stands for: all children have the same pipe.
/// Whoever has read the number has taken it, and everybody else waits in `read` until it is
/// back. So the pipe is the memory and the lock in one.
struct Count {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Count {
    fn new() -> io::Result<Count> {
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&0_u64.to_ne_bytes())?;
        Ok(Count { reader, writer })
    }

    /// Takes the number, and puts the next one back at once: a child that died in between would
    /// take it along, and leave the others waiting.
    fn next(&self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        (&self.reader).read_exact(&mut bytes)?;
        let number = u64::from_ne_bytes(bytes) + 1;
        (&self.writer).write_all(&number.to_ne_bytes())?;
        Ok(number)
    }
}
