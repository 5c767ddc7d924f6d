//! The tool of the book: it builds the book with mdBook's library and keeps text and code from
//! drifting apart.
//!
//! ```text
//! site        mdBook builds book/src into target/book
//! serve       the course's own server serves it
//! contract    every rule over a Tree (pages, lessons) gives Findings
//!   rules         what can be read: includes, listings, coverage, links, figures …
//!   transcript    what has to be run: console fences, executed and compared
//! generated   files made from code and checked in: the ladders, the matrix, the settings
//! waiting     the page with the drivers side by side
//! runs        what was measured, for the pages that are made of it
//!   million       a calculator for a million users, by formulas that it shows
//!   arc           the whole way, and what each step bought and cost
//!   machines      what was lost on many machines
//! kernel      measures what a quiet connection costs where no process is charged for it
//! ```
//!
//! A rule is a function from a [`tree::Tree`] to [`finding::Finding`]s. Its tests plant the fault
//! in a tiny repository and see it found.

#![forbid(unsafe_code)]

pub mod arc;
pub mod contract;
pub mod finding;
pub mod formula;
pub mod generated;
pub mod hunks;
pub mod include;
pub mod kernel;
pub mod ladder;
pub mod machines;
pub mod measured;
pub mod million;
pub mod modules;
pub mod page;
#[cfg(test)]
mod planted;
pub mod rules;
pub mod runs;
pub mod serve;
pub mod settings;
pub mod site;
pub mod small;
pub mod source;
pub mod transcript;
pub mod tree;
pub mod waiting;

use std::path::PathBuf;

/// The binary of a package or of one of its examples, built by the workshop of the probes.
pub fn built(package: &str, example: Option<&str>) -> Result<PathBuf, String> {
    let path = match example {
        Some(example) => check::workshop::example(package, example),
        None => check::workshop::binary(package),
    };
    path.map_err(|error| error.to_string())
}
