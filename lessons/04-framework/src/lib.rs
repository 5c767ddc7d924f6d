// ANCHOR: flow
//! Lesson 4: a framework.
//!
//! New here: nobody writes applications against `environ` by hand. A framework is an application
//! that finds a handler for each path and turns what it returns into calls of the gateway.
//!
//! ```text
//! App::respond                    what every server calls (lesson 3)
//!   find                          method and path → handler and parameters
//!   handler(&mut Request)         environ, with names
//!     → PlainText, Html, Json     content, with a type
//!   start_response.begin          status and headers
//! ```
//!
//! Still wrong, on purpose: the server below is lesson 3's, and one slow handler still makes
//! everybody wait (`cargo run -p check -- break lesson04 slow-application`).
// ANCHOR_END: flow

// ANCHOR: imports
#![forbid(unsafe_code)]

mod app;
pub mod demo;
mod failure;
mod into_response;
mod json;
mod pattern;
mod request;
mod response;

pub use app::App;
pub use failure::Failure;
pub use into_response::IntoResponse;
pub use json::escape_html;
pub use request::Request;
pub use response::{Html, Json, PlainText, Response, Status};
// ANCHOR_END: imports
