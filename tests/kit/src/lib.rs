//! What the tools of this repository have in common, once.
//!
//! ```text
//! cargo     what cargo says to us, and nobody else shall hear
//! cores     who runs on which core
//! keeper    ends what we have started, when we cannot do it any more
//! needed    what a test needs and not every machine has
//! process   what Linux tells about running processes, in /proc
//! screen    a terminal as a drawing
//! stamp     where a measurement was made
//! xml       text in drawings and documents
//! patience  looks again and again until something is so
//! ```
//!
//! It knows no lesson and no probe.

#![forbid(unsafe_code)]

pub mod cargo;
pub mod cores;
pub mod keeper;
pub mod needed;
pub mod patience;
pub mod process;
pub mod screen;
pub mod stamp;
pub mod xml;
