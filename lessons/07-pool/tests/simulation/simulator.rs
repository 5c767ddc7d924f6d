//! The conversation of lesson 7 in a world that is made of a number.
//!
//! ```text
//! seed ──► script ──► kernel and client ◄──► driver ◄──► conversation ◄──► application
//!                       │ time, bytes                                        │ plan
//!                       ▼                                                    ▼
//!                     record ─────────────────► judge ◄─────────────────── record
//! ```
//!
//! Nothing here waits, and nothing is left to chance: a seed is all that it takes to see the same
//! run again. The models are the simulators of FoundationDB and TigerBeetle.

mod agree;
mod application;
mod asked;
mod behind;
mod bodies;
mod campaign;
mod client;
mod deadlines;
mod drivers;
mod endings;
mod facts;
pub(crate) mod judge;
mod kernel;
mod letters;
mod plan;
mod planted;
mod reader;
mod record;
mod run;
mod script;
mod seed;
mod seen;
mod time;
mod words;

pub(crate) use campaign::{Campaign, hush, play};
pub(crate) use planted::Planted;
