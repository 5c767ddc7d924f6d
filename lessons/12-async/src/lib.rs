//! Lesson 12: async.
//!
//! New here: the compiler writes the greenlet. An `async` function remembers where it is in a value
//! of exactly the size that this takes, and not on a stack.
//!
//! ```text
//! AsyncServer::start → serve         one task: let_one_in, until the bell rings
//!   Guests::welcome                  a task for each client
//!     converse                       the driver of lesson 7, with an `.await` wherever it waits
//!       at_the_desk                  papers lie on a desk of the thread, and never across an await
//!       AsyncLine                    try; if that would block, tell tokio and await
//!       Table::lay                   an application that is a future: await it, lay its answer ready
//!       Kitchen::work                any other one: on a thread that may block, so many at once
//!       speak                        a WebSocket, in the task that has the connection already
//!   Guests::close                    take the last, tell everybody, wait for the tasks
//! ```
//!
//! Still wrong: an application must be written in Rust to run here.

// ANCHOR: imports
#![deny(unsafe_code)]

mod application;
mod converse;
mod create;
pub mod demo;
mod desk;
mod kitchen;
mod line;
mod server;
mod settings;
mod upgrade;
mod watch;

pub use application::{AsyncAnswer, AsyncApplication, AsyncBody, Piece, Scope, Soon};
pub use create::create_server;
pub use server::AsyncServer;
pub use settings::{ASYNC_SETTINGS, AsyncSettings};
// ANCHOR_END: imports
