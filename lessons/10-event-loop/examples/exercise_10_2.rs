//! Exercise 10-2, one solution: two loops, each in a thread of its own, at one door.
//!
//! `cargo run -p lesson10 --example exercise_10_2`, then
//! `cargo run -p check -- exercise 10-2 --addr 127.0.0.1:8888`

#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use lesson01::{ReuseAddress, listen, resolve};
use lesson03::{Bell, Options, demo};
use lesson07::Rules;
use lesson10::{LoopServer, LoopSettings};
use terminal::{Program, ready, say};

const PROGRAM: Program = Program {
    name: "exercise_10_2",
    about: "Lesson 10 twice, at one door.",
    operand: None,
    flags: &[],
};

fn main() -> ExitCode {
    PROGRAM.run(|flags| {
        let listener = listen(resolve(flags.text("addr"))?, 128, ReuseAddress::Yes)?;
        let listener = Arc::new(listener);
        let mut servers = Vec::new();
        for _ in 0..2 {
            let options = Options {
                inherited: Some(Arc::clone(&listener)),
                ..Options::default()
            };
            // A bell is heard by the one who listens to it, so each loop has its own.
            let bell = Arc::new(Bell::new()?);
            let (app, rules) = (Arc::new(demo::application), Rules::default());
            let settings = LoopSettings::default();
            let address = flags.text("addr");
            servers.push(LoopServer::bind(
                address, app, options, rules, settings, bell,
            )?);
        }
        ready(PROGRAM.name, servers[0].address());
        let loops = servers.into_iter().map(|server| {
            thread::spawn(move || {
                if let Err(error) = server.start() {
                    say(format_args!("a loop has ended: {error}"));
                }
            })
        });
        for each in loops.collect::<Vec<_>>() {
            let _ = each.join();
        }
        Ok(())
    })
}
