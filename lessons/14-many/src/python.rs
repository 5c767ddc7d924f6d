//! Workers that are Python: lesson 13, on a socket that is not its own.

// ANCHOR: imports
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

use lesson02::{LIMIT_SETTINGS, SERVER_SETTINGS};
use lesson03::{GATEWAY_SETTINGS, PACE_SETTINGS};
use lesson07::RULE_SETTINGS;
use terminal::{Arguments, Table};

use crate::supervisor::WorkerCommand;
// ANCHOR_END: imports

// ANCHOR: python
/// The flags that lesson 13 has as well.
const SHARED: [&dyn Table; 5] = [
    &SERVER_SETTINGS,
    &LIMIT_SETTINGS,
    &PACE_SETTINGS,
    &GATEWAY_SETTINGS,
    &RULE_SETTINGS,
];

/// The command of a worker that serves `app`, an application in Python.
///
/// A process of Python cannot be a process of ours that goes on: it is another program. But it
/// takes the same socket, and says the same words when it is ready, and more a supervisor does not
/// ask of anybody.
pub(crate) fn python_worker(app: &str, flags: &Arguments) -> Result<WorkerCommand, NoLesson13> {
    let beside = env::current_exe().map_err(NoLesson13::NoPlace)?;
    let program = beside.with_file_name("lesson13");
    if !program.is_file() {
        return Err(NoLesson13::Missing(program));
    }
    let mut arguments: Vec<OsString> = vec![app.into(), "--inherit".into()];
    for row in SHARED.iter().flat_map(|table| table.rows()) {
        for value in flags.all(row.name) {
            arguments.push(format!("--{}", row.name).into());
            if !row.value.is_empty() {
                arguments.push(value.into());
            }
        }
    }
    Ok(WorkerCommand {
        program,
        arguments,
        is_ours: false,
    })
}

/// Why there can be no workers of lesson 13.
#[derive(Debug)]
pub enum NoLesson13 {
    /// It is not beside us.
    Missing(PathBuf),
    /// And where that is, nobody can say.
    NoPlace(io::Error),
}

impl Display for NoLesson13 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoLesson13::Missing(path) => write!(
                out,
                "--app needs lesson 13 beside this program, as {}: cargo build -p lesson13",
                path.display()
            ),
            NoLesson13::NoPlace(error) => write!(out, "where this program lies: {error}"),
        }
    }
}

impl Error for NoLesson13 {}
// ANCHOR_END: python
