//! Lesson 7: a pool of workers.
//!
//! New here: the number of threads is bounded, and so is the queue in front of them; and a
//! connection stays for more than one request, which is HTTP/1.1 in full.
//!
//! ```text
//! start → prepare → serve            one thread: accept → enqueue, or 503
//!   Pool::submit                     a bounded queue; grow when more wait than are idle
//! Worker::work                       each worker: next client → converse, again and again
//!   converse                         the driver: what next? receive, send, work, or end
//!     Conversation::step             the protocol: says what it waits for, and never waits
//!       look_for_a_head → begin      Scanner and Head (lesson 2), Gateway::exchange (lesson 3)
//!     Conversation::work             the application's turn: Exchange::call, then advance
//!       Framed                       the body: announced or in chunks
//!       Persistent                   the wire: says whether the connection stays
//!     conclude → skip → Quiet        the next request, or Over
//! finish                             say close, let them finish, wake the quiet, go
//! ```
//!
//! Still wrong, on purpose: a connection owns its worker while it is silent or quiet, so as many of
//! them as workers make everybody else wait until their deadline
//! (`cargo run -p check -- break lesson07 many-silent-clients`). More of them do not make it longer,
//! for their time runs while they wait in the queue. The event loop of lesson 10 is the cure.

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
pub use conversation::{Arrived, Conversation, Step};
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
