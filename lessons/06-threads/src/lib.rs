//! Lesson 6: a thread for each connection.
//!
//! New here: a thread is a process without its own memory. It starts faster and costs less, and
//! what one of them breaks is broken for all.
//!
//! ```text
//! serve                 wait → accept → start a thread, until the bell rings
//!   thread              wait for a first byte, converse (lesson 3), end
//! finish                let nobody in, empty the queue, close, wait for the threads
//! ```
//!
//! Still wrong, on purpose: a client that says nothing owns a thread until its deadline, and as
//! many of them as there may be threads hold up everybody else
//! (`cargo run -p check -- break lesson06 many-silent-clients`). Each connection starts a thread
//! for a single request and throws it away.

// ANCHOR: imports
#![forbid(unsafe_code)]

mod run;
mod server;
mod settings;

pub use run::{Run, run};
pub use server::ThreadingServer;
pub use settings::{THREAD_SETTINGS, Threads};
// ANCHOR_END: imports
