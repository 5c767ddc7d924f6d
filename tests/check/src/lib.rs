//! The probes: what a web server must do, seen from the outside.
//!
//! ```text
//! probes      one row each: bytes to send or a small function, and what the standard says
//! matrix      probe × lesson → ok, waits, stalls, wrong: asserted by the lessons' own tests
//! case        a probe that is data: bytes, and the status that must come back
//! bound       what one probe may cost: time and bytes
//! world       a probe's means: clients of one server, perhaps a server to look into
//! server      a child process that cannot outlive us: a keeper sees to that
//! mend        what to do about a red probe, and in which order
//! small       what --small leaves out
//! small_servers  the small servers of the book, which the reader types
//! severity    how bad a finding is: a MUST, a SHOULD, or an opinion of ours
//! workshop    builds a lesson's binary on demand
//! exercises   probes for what a reader adds to a lesson
//! ladder      the same requests to servers that wait in different ways
//! lessons     the one list of lessons
//! tls         probes for servers that speak TLS, with the feature of that name
//! ```

#![forbid(unsafe_code)]

pub mod answer;
pub mod bound;
pub mod case;
pub mod client;
pub mod exercises;
pub mod ladder;
pub mod lessons;
pub mod matrix;
pub mod mend;
pub mod opinions;
pub mod outcome;
pub mod probe;
pub mod probes;
pub mod process;
mod said;
pub mod screen;
pub mod server;
pub mod severity;
pub mod slow_reader;
pub mod small;
pub mod small_servers;
pub mod storm;
#[cfg(feature = "tls")]
pub mod tls;
pub mod transcript;
pub mod typical;
pub mod unread_log;
pub mod websocket;
pub mod workshop;
pub mod world;
