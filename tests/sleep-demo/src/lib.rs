//! The latency experiment: the same N sleepy requests at once, against each way of waiting.
//!
//! ```text
//! plan       which servers, with which flags, and what would be ideal for each
//! target     where to ask, and for what
//! keeper     a lesson in a child process that cannot outlive us
//! client     sends all requests at once and records when what happened
//! request    one request: when it was sent, when and by whom it was served, when it ended
//! processes  what Linux tells about a server's processes
//! observe    looks at them again and again while the server works
//! run        one server's turn, from its start to its summary
//! lanes      a run as a picture: one lane for each request, in the order of being served
//! draw       the picture as text, screen puts it on a terminal and redraws it in place
//! table      all runs in one table
//! report     all runs as JSON, with a stamp of where they were made
//! svg, html  all runs as drawings, and as one page
//! book       the files that the book shows
//! curve      the other experiment: one rate after the other, and how long people wait at each
//! ```
//!
//! All times are in milliseconds since the first request was sent.

#![forbid(unsafe_code)]

mod axis;
pub mod book;
pub mod client;
pub mod curve;
pub mod draw;
pub mod html;
pub mod lanes;
pub mod observe;
pub mod plan;
pub mod processes;
pub mod report;
pub mod request;
pub mod run;
pub mod screen;
pub mod svg;
pub mod table;
pub mod target;
