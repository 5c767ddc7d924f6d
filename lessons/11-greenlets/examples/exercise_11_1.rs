//! Exercise 11-1, one solution: a socket that adds up.
//!
//! `cargo run -p lesson11 --example exercise_11_1`, then
//! `cargo run -p check -- exercise 11-1 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;

use lesson03::{Application, Options, demo};
use lesson05::stop_bell;
use lesson07::Rules;
use lesson08::Dispatcher;
use lesson09::close::INVALID_TEXT;
use lesson09::{SocketRules, WebSocketPlugin};
use lesson11::{GreenServer, GreenSettings, GreenSocket, Received, sequential};
use terminal::{Program, ready};

const PROGRAM: Program = Program {
    name: "exercise_11_1",
    about: "Lesson 11, with a socket that adds up.",
    operand: None,
    flags: &[],
};

fn sum(ws: &mut GreenSocket) {
    let mut sum = 0_i64;
    while let Some(Received::Text(text)) = ws.receive() {
        match (text.as_str(), text.parse::<i64>()) {
            ("=", _) => {
                if ws.send(sum.to_string().as_str()).is_err() {
                    return;
                }
                sum = 0;
            }
            (_, Ok(number)) => sum = sum.saturating_add(number),
            (_, Err(_)) => return ws.close(INVALID_TEXT, "that is no number"),
        }
    }
}

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let plugin = WebSocketPlugin::without_driver(SocketRules::default());
        let apps: [(&str, Arc<dyn Application>); 2] = [
            ("/", Arc::new(demo::application)),
            ("/ws/sum", Arc::new(sequential(&plugin, sum))),
        ];
        let app = Arc::new(Dispatcher::new(apps)?);
        let options = Options::default();
        let (rules, settings) = (Rules::default(), GreenSettings::default());
        let stop = Arc::new(stop_bell()?);
        let server = GreenServer::bind(flags.text("addr"), app, options, rules, settings, stop)?;
        server.set_upgrader(Some(plugin));
        ready(PROGRAM.name, server.address());
        server.start()?;
        Ok(())
    })
}
