//! Exercise 09-2, one solution: a request that speaks to sockets.
//!
//! `cargo run -p lesson09 --example exercise_09_2`, then
//! `cargo run -p check -- exercise 09-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use lesson03::{Application, Body, Environ, Options, StartResponse, application, demo};
use lesson05::stop_bell;
use lesson07::{PoolServer, PoolSettings};
use lesson08::Dispatcher;
use lesson09::{Channels, Message, Socket, SocketRules, WebSocket, WebSocketPlugin};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_09_2",
    about: "Lesson 9, with a request that speaks to sockets.",
    operand: None,
    flags: &[],
};

struct Reader(Channels);

impl WebSocket for Reader {
    fn opened(&mut self, socket: &mut Socket<'_>) {
        self.0.subscribe("news", socket.handle());
    }

    fn received_message(&mut self, _message: Message<'_>, _socket: &mut Socket<'_>) {}
}

fn say(channels: Channels) -> impl Application {
    application(
        move |environ: &mut Environ<'_>, start_response: StartResponse<'_, '_>| {
            let mut body = Vec::new();
            environ.input().read_to_end(&mut body)?;
            let Ok(text) = String::from_utf8(body) else {
                start_response.begin("400 Bad Request", &[("Content-Type", "text/plain")])?;
                return Ok("400 Bad Request: this is not UTF-8\n".into());
            };
            channels.publish("news", text.as_str());
            start_response.begin("204 No Content", &[])?;
            Ok(Body::Empty)
        },
    )
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let plugin = WebSocketPlugin::start(SocketRules::default())?;
        let channels = plugin.channels().clone();
        let news = plugin.application(move |_| Reader(channels.clone()));
        let apps: [(&str, Arc<dyn Application>); 3] = [
            ("/", Arc::new(demo::application)),
            ("/ws/news", Arc::new(news)),
            ("/say", Arc::new(say(plugin.channels().clone()))),
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
