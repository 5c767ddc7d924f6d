//! A solution of exercise 13-1: lesson 13 with `exercise_13_1.py`, which lies beside this.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use lesson13::launch;

fn main() -> ExitCode {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let own = ["--chdir", folder, "exercise_13_1:app"].map(OsString::from);
    let failed = launch(None, env::args_os().skip(1).chain(own));
    eprintln!("exercise_13_1: {failed}");
    ExitCode::FAILURE
}
