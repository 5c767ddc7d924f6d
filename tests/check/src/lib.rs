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
//! severity    how bad a finding is: a MUST, a SHOULD, or an opinion of ours
//! workshop    builds a lesson's binary on demand
//! exercises   probes for what a reader adds to a lesson
//! lessons     the one list of lessons
//! ```

#![forbid(unsafe_code)]

pub mod answer;
pub mod bound;
pub mod case;
pub mod client;
pub mod exercises;
mod keeper;
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
pub mod small;
pub mod storm;
pub mod transcript;
pub mod typical;
pub mod unread_log;
pub mod workshop;
pub mod world;
