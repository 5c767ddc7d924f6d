//! What a panic prints, as lines of the log.

// ANCHOR: imports
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::say;
// ANCHOR_END: imports

// ANCHOR: panics
/// Lets every panic of this process be told by [`say`].
///
/// Rust's own way writes the same text to standard error and waits for its reader: an application
/// that panics would stop a server whose log nobody reads.
pub(crate) fn say_panics() {
    panic::set_hook(Box::new(say_panic));
}

fn say_panic(panic: &PanicHookInfo) {
    static HINTED: AtomicBool = AtomicBool::new(false);
    let thread = thread::current();
    let name = thread.name().unwrap_or("<unnamed>");
    say(format_args!("\nthread '{name}' {panic}"));
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        say("stack backtrace:");
        backtrace.to_string().lines().for_each(say);
    } else if !HINTED.swap(true, Ordering::Relaxed) {
        say("note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace");
    }
}
// ANCHOR_END: panics
