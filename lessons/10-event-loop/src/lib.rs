//! Lesson 10: an event loop. One thread, and as many connections as there are descriptors.
//!
//! Nobody waits in `recv` any more. All sockets are non-blocking, the kernel keeps the list of those
//! that we wait for, and the one place where the thread sleeps is `epoll_wait`:
//!
//! ```text
//! LoopServer::start
//!   └─ loop  Door::look_at        is there room? then the listener is watched
//!            Floor::sleep         epoll_wait, until something happens or the next alarm
//!            ├─ DOOR              Door::let_in: accept4, at most 64, each gets its first turn
//!            ├─ STOP              Door::hear_the_bell: a stop as in lesson 7
//!            ├─ CALLS             Floor::take_calls: from the kitchen, or to wake a WebSocket
//!            └─ a line            Floor::serve ─► Line::take_turn
//!            Floor::time_is_up    those whose deadline has passed have a turn
//!            Floor::go_round_again   and so have those who were not done
//! Line::take_turn                 lesson 7's Conversation::step, until it would have to wait
//!   ├─ Receive, Send              one recvfrom, one sendto (Pipe)
//!   ├─ Work                       the application: here, or in the Kitchen with --workers
//!   ├─ Upgrade                    lesson 9's Upgraded, on the same loop
//!   └─ End                        close, or a farewell that waits for the client
//! ```
//!
//! There is no HTTP in this lesson: what a head is, and when an answer is whole, is lesson 7's
//! conversation. This one decides how to wait.
//!
//! What is still wrong, if the application works on the loop: while it sleeps or computes, nobody
//! else is served.
//!
//! ```text
//! cargo run -p check -- break lesson10 slow-application
//! ```
//!
//! With `--workers 4` its turns move to threads. What stays is that the conversation is cut into
//! steps and reads like a puzzle, which is what lessons 11 and 12 are about.

// ANCHOR: imports
#![forbid(unsafe_code)]

mod calls;
mod door;
mod floor;
mod kitchen;
mod line;
mod pipe;
mod server;
mod settings;

pub use calls::Calls;
pub use pipe::{Moved, Pipe};
pub use server::{LoopServer, ask_for_descriptors};
pub use settings::{KITCHEN_SETTINGS, LOOP_SETTINGS, LoopSettings};
// ANCHOR_END: imports
