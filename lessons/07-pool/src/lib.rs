//! Lesson 7: a pool of workers.
//!
//! New here: the number of threads is bounded, and so is the queue in front of them; and a
//! connection stays for more than one request, which is HTTP/1.1 in full.
//!
//! ```text
//! start → prepare → serve            one thread: accept → enqueue, or 503
//!   Pool::submit                     a bounded queue; grow when more wait than are idle
//! Worker::work                       each worker: next client → converse, again and again
//!   converse                         the nested loop of a connection
//!     a_request_comes                a request that is here already, or a quiet wait
//!     serve_request                  receive_head (lesson 2) → answer
//!       Incoming                     the body: announced or in chunks
//!       Exchange::run                the application (lesson 3), over a Persistent wire
//! finish                             say close, let them finish, wake the quiet, go
//! ```
//!
//! Still wrong, on purpose: a connection owns its worker while it is quiet, so as many quiet
//! clients as workers make everybody else wait until their deadline
//! (`cargo run -p check -- break lesson07 many-silent-clients`). The event loop of lesson 10 is
//! the cure.

// ANCHOR: imports
#![forbid(unsafe_code)]

mod chunked;
mod conversation;
mod crew;
mod framed;
mod house;
mod papers;
mod persistence;
mod pool;
mod seat;
mod server;
mod settings;
mod stats;
mod worker;

pub use chunked::{ChunkDecoder, ChunkFault, LAST_CHUNK, encode_chunk};
pub use conversation::{Conversation, Step};
pub use crew::Around;
pub use framed::Framed;
pub use house::{Adapter, House, Rules, Upgrader};
pub use papers::{Drawer, Papers};
pub use persistence::{MAX_SKIPPED, Next, Persistent, next, staying_lines};
pub use pool::{Full, Numbers, Pool, Post};
pub use server::PoolServer;
pub use settings::{POOL_SETTINGS, PoolSettings, RULE_SETTINGS};
pub use stats::{Counter, Stats};
pub use worker::{Line, converse};
// ANCHOR_END: imports
