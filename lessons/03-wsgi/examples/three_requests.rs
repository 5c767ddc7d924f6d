//! A server that is told when to stop, in both ways: after one request, and from another thread.

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::thread;

use lesson01::announce;
use lesson03::{Options, WsgiServer, application, demo};
use terminal::{Program, say};

const PROGRAM: Program = Program {
    name: "three_requests",
    about: "One request with handle_request; then serve_forever, stopped by its second one.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let options = Options::default();
        let server = WsgiServer::bind(flags.text("addr"), Arc::new(demo::hello), options)?;
        announce(PROGRAM.name, server.listener(), server.address())?;
        // ANCHOR: stop
        server.handle_request()?;
        say("handle_request has returned");

        let (asked, stop_it) = mpsc::channel();
        server.set_app(application(move |environ, start_response| {
            if environ.path_utf8_lossy() == "/stop" {
                // Nobody listens any more if the thread below is gone: then we stop already.
                let _ = asked.send(());
            }
            demo::hello(environ, start_response)
        }));
        let handle = server.handle();
        thread::scope(|scope| {
            scope.spawn(move || {
                let asked = stop_it.recv().is_ok();
                if asked && handle.shutdown().is_ok() {
                    say("shutdown has returned");
                }
            });
            server.serve_forever()
        })?;
        // ANCHOR_END: stop
        say("serve_forever has returned");
        Ok(())
    })
}
