//! Lesson 11: greenlets.
//!
//! New here: a connection has a stack of its own again, and still there is one thread. What blocks
//! switches to another stack, and the driver of lesson 7 never notices.
//!
//! ```text
//! GreenServer::start → run → serve   one greenlet: wait_for the listener → accept → welcome
//!   Pool::spawn                      a stack for each client, counted until it has left
//!     lesson07::converse             the driver, unchanged, over …
//!       GreenLine                    … a line that waits in the hub where a thread would block
//!         wait_for → suspend         note who waits for what, and switch to the hub's stack
//! Hub::run                           sleep in the poller (lesson 9) → resume, one after the other
//!   InPlace::take_over               a WebSocket, on the greenlet that has the connection already
//!     sequential                     and one more greenlet that talks: while let Some(…) = ws.receive()
//! close                              take the last, tell everybody, wait for the pool
//! ```
//!
//! Still wrong, on purpose: whatever blocks the thread (`std::thread::sleep`, a library that reads
//! from a socket of its own) stops everybody, for only what asks the hub gives way; and a stack is
//! reserved for every quiet client.

// ANCHOR: imports
#![deny(unsafe_code)]

pub mod demo;
mod hub;
mod line;
mod pool;
mod sequential;
mod server;
mod settings;
mod switch;
mod upgrade;
mod wait;

pub use hub::{Woken, count, leave, run, spawn};
pub use pool::{Member, Pool};
pub use sequential::{GreenSocket, Received, sequential};
pub use server::GreenServer;
pub use settings::{GREEN_SETTINGS, GreenSettings};
pub use wait::{current, end_rest, give_way, pause, rest, wait, wait_for, wake, waker};
// ANCHOR_END: imports
