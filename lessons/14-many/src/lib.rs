//! Lesson 14: many processes, many machines.
//!
//! One process uses one core for its loop, and whoever replaces it by a newer one has a moment
//! without any. Here the socket and the service are kept apart: one process holds the socket and
//! serves nobody, others serve on it and come and go.
//!
//! ```text
//! start                    --workers 2: the supervisor; --workers 0: a worker
//! Supervisor::run          asks its Roster what to do, does it, sleeps
//!   ├─ start               fork, and in the copy exec: LISTEN_FDS, LISTEN_PID, NOTIFY_SOCKET
//!   ├─ hear                a bell for each signal, and the letterbox for READY=1
//!   └─ Roster::next        a pure function: who is there, how late is it, what is to be done
//! worker::serve            lesson 10's LoopServer on the inherited socket
//!   ├─ Forwarded           who the client is, if a trusted balancer says so
//!   ├─ Health              /health, which says no before the end begins
//!   ├─ Bus                 rooms on all machines, by a stream in Redis
//!   └─ hear_signals        SIGUSR1 and SIGUSR2, on a thread of their own
//! ```

// ANCHOR: imports
#![deny(unsafe_code)] // One call in `inherit` needs it, with its reason.

mod bus;
mod count;
mod forwarded;
mod health;
mod inherit;
mod letterbox;
mod link;
mod python;
mod reader;
mod resp;
mod room;
mod roster;
mod sender;
mod settings;
mod start;
mod supervisor;
mod worker;

pub use bus::Bus;
pub use count::Count;
pub use forwarded::{Forwarded, NoAddress};
pub use health::Health;
pub use inherit::{BadInheritance, inherited_listener};
pub use link::Change;
pub use python::NoLesson13;
pub use resp::{Redis, RedisError, Reply};
pub use room::tell_rooms;
pub use roster::{Meaning, Member, Order, Patience, Roster, State};
pub use settings::{PROCESS_SETTINGS, ProcessSettings, TRUST_SETTINGS, TrustSettings};
pub use start::{FLAGS, start};
pub use supervisor::{Supervisor, WorkerCommand, myself};
pub use worker::{Around, check, serve};
// ANCHOR_END: imports
