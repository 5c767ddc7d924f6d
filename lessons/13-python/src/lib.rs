//! Lesson 13: Python's own frameworks on the same conversation.
//!
//! `python3` loads us; we do not contain one. The command finds a Python and becomes it:
//!
//! ```text
//! lesson13 djangoapp:app ── launch ──► exec python3 -c boot.py liblesson13.so djangoapp:app
//!                                      └─ main ─► load the application, then serve it
//! serve
//!   ├─ WSGI: Baton::run on --threads threads     whoever has the interpreter's lock works
//!   │    └─ Floor::take ─► Turn::play ─► Line::take_turn      lesson 7's conversation
//!   │         └─ HereAndNow ─► WsgiApplication::respond       environ, start_response, pieces
//!   └─ ASGI: Playing::turn in asyncio's loop     our epoll is one of its descriptors
//!        └─ Floor::take ─► Turn::play ─► Line::take_turn      the same
//!             └─ InTasks ─► a task of Python's; its `send` gives the line another turn
//! ```
//!
//! There is no HTTP in this lesson either. A request's body is gathered before a WSGI application
//! hears of it, one that can `await` is told as it comes, and an answer waits where lesson 10's do:
//! nobody waits for a client with the lock in hand.
//!
//! What is still wrong: there is one lock, so one processor computes, however many there are.
//!
//! ```text
//! curl 'http://127.0.0.1:8888/primes?n=200000' &   # and again, beside it
//! ```

// ANCHOR: imports
#![forbid(unsafe_code)]

mod answers;
mod asgi;
mod attach;
mod awaitable;
mod baton;
mod call;
mod edges;
mod environ;
mod failure;
mod floor;
mod hall;
mod launch;
mod line;
mod load;
mod pieces;
mod playing;
mod reload;
mod scope;
mod server;
mod settings;
mod socket;
mod start;
mod waiting;
mod watchman;
mod wsgi;

pub use launch::{LaunchError, launch};
pub use settings::{PROGRAM, PYTHON_SETTINGS, PythonSettings};
// ANCHOR_END: imports

// ANCHOR: module
/// What Python sees of us.
#[pyo3::pymodule]
mod lesson13 {
    use std::ffi::OsString;

    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::attach::call_elsewhere;

    /// The command: takes its words, returns its exit code.
    #[pyfunction]
    fn main(py: Python<'_>, words: Vec<OsString>) -> u8 {
        crate::server::run(py, words)
    }
}
// ANCHOR_END: module
