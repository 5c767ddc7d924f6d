//! Exercise 09-1, one solution: a socket that says how many there are.
//!
//! `cargo run -p lesson09 --example exercise_09_1`, then
//! `cargo run -p check -- exercise 09-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson03::{Application, Options, demo};
use lesson05::stop_bell;
use lesson07::{PoolServer, PoolSettings};
use lesson08::Dispatcher;
use lesson09::{Message, Socket, SocketRules, WebSocket, WebSocketManager, WebSocketPlugin};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_09_1",
    about: "Lesson 9, with a socket that says how many there are.",
    operand: None,
    flags: &[],
};

struct Count(WebSocketManager);

impl WebSocket for Count {
    fn opened(&mut self, socket: &mut Socket<'_>) {
        // A socket that is about to open is counted, and so is this one.
        let count = self.0.len().to_string();
        let _ = socket.send(count.as_str());
    }

    fn received_message(&mut self, _message: Message<'_>, _socket: &mut Socket<'_>) {}
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let plugin = WebSocketPlugin::start(SocketRules::default())?;
        let manager = plugin.manager().clone();
        let count = plugin.application(move |_| Count(manager.clone()));
        let apps: [(&str, Arc<dyn Application>); 2] = [
            ("/", Arc::new(demo::application)),
            ("/ws/count", Arc::new(count)),
        ];
        let app = Arc::new(Dispatcher::new(apps)?);
        let (options, settings) = (Options::default(), PoolSettings::default());
        let stop = Arc::new(stop_bell()?);
        let server = PoolServer::bind(flags.text("addr"), app, options, settings, stop)?;
        plugin.subscribe(&server);
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
