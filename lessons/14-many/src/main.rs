//! `cargo run -p lesson14`: many processes.

// ANCHOR: imports
use std::process::ExitCode;

use lesson05::Ended;
use lesson14::{FLAGS, start};
use terminal::Program;
// ANCHOR_END: imports

// ANCHOR: main
const PROGRAM: Program = Program {
    name: "lesson14",
    about: "Lesson 14, many processes: a supervisor that binds once, and workers that come and go.",
    operand: Some(("MODULE:CALLABLE", "the application (default demo:mounted)")),
    flags: FLAGS,
};

fn main() -> ExitCode {
    let mut ended = Ended::Clean;
    let code = PROGRAM.run(|flags| {
        ended = start(flags, PROGRAM.name, &|app| app)?;
        Ok(())
    });
    if ended == Ended::Forced {
        ExitCode::FAILURE
    } else {
        code
    }
}
// ANCHOR_END: main
