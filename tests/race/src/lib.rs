//! The throughput experiment: what does a request cost each server?
//!
//! Requests per second say as much about the client and the machine as about the server. So the
//! figure that counts here is the server's own processor time per request, and it is compared
//! with a limit: a server that does the least that any server must, measured in the same minute.
//!
//! ```text
//! rounds          server, limit, server, limit …, each for some seconds
//!   contender     a lesson, a limit or any other server, started on a core of its own
//!   client        keeps so many connections busy, from another core
//!     lane        one of them: connect, send, read
//!     histogram   how long did it take?
//!   processor     what has the server's process tree spent?
//!   sample        a round in figures, and rows from rounds
//! python          servers for Python beside lesson 13, with the same applications
//! quiet           what a client costs that says nothing
//! report          the figures as data; table, page and chart show them
//! limit           the two limits
//! ```

#![forbid(unsafe_code)]

pub mod chart;
pub mod client;
pub mod contender;
pub mod echo;
pub mod histogram;
mod lane;
pub mod limit;
pub mod page;
pub mod processor;
pub mod python;
pub mod quiet;
pub mod report;
pub mod rounds;
mod sample;
pub mod table;
