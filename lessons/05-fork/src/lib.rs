//! Lesson 5: a process for each connection.
//!
//! New here: the kernel already knows how to do many things at once. `fork` makes a copy of the
//! server for each client; a copy that sleeps or crashes is alone with it.
//!
//! ```text
//! serve                 wait → reap → accept → fork, until a signal says stop
//!   parent              close the client, remember the child
//!   child               close the listener, wait for a first byte, converse (lesson 3), _exit
//! finish                let nobody in, empty the queue, close, wait for the children
//! ```
//!
//! Still wrong, on purpose: a process for each client costs memory and time
//! (`cargo run -p sleep-demo`), and as many silent clients as children hold up everybody else
//! until their deadline (`cargo run -p check -- break lesson05 many-silent-clients`).

// ANCHOR: imports
#![deny(unsafe_code)] // Three calls in `fork` need it, each with its reason.

mod children;
mod closing;
mod fork;
mod lost_lines;
mod newcomers;
mod server;
mod settings;
mod signals;
mod turn_away;

pub use children::Children;
pub use closing::Closing;
pub use fork::{Side, exit_child, fork, only_thread};
pub use newcomers::{accept_last, let_nobody_in};
pub use server::{Ended, ForkingServer};
pub use settings::{FORK_SETTINGS, Forks, STOP_TIMEOUT, stop_timeout};
pub use signals::{child_bell, ring_on_signals, stop_bell};
pub use turn_away::turn_away;
// ANCHOR_END: imports
