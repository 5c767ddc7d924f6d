//! The checker as people start it, on servers of every kind.
//!
//! Each of these tests waits for a checker, and a checker waits for a server. So all of them are
//! one program, in which they wait side by side.

mod choosing;
mod command;
mod command_line;
mod curl_lines;
mod documents;
mod false_verdicts;
mod foreign;
mod little;
mod little_servers;
mod live;
mod mending;
mod starting;
mod websocket;
