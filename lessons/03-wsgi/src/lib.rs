// ANCHOR: flow
//! Lesson 3: the gateway.
//!
//! New here: the server knows no application, and the application knows no server. Between them
//! stands a calling convention, WSGI (PEP 3333), as Rust types.
//!
//! ```text
//! make_server → serve_forever         accept → converse, one client at a time
//!   Gateway::converse                 receive_head (lesson 2) → exchange → close
//!     Exchange::run                   call once, then advance and send until all is made
//!       app.respond(environ, start_response)
//!         environ.get, environ.input  what was asked; the body, lazily
//!         start_response.begin        status and headers, stored, not sent
//!       Answer::advance               one more piece; between two of them it could wait
//!       Answer::send                  each piece leaves before the next one is made
//! ```
//!
//! Still wrong, on purpose: a request that takes long makes everybody wait
//! (`cargo run -p check -- break lesson03 slow-application`).
// ANCHOR_END: flow

// ANCHOR: imports
#![forbid(unsafe_code)]

mod answer;
mod app_error;
mod application;
mod bell;
mod body;
mod builder;
mod control;
pub mod demo;
mod draft;
mod environ;
mod exchange;
mod gateway;
mod hooks;
mod input;
mod intake;
mod options;
mod pace;
mod pause;
mod protocol;
mod registry;
mod server;
mod start_response;
mod transport;
pub mod validator;
mod value;
mod variables;
mod wire;

pub use answer::{Answer, Outcome};
pub use app_error::AppError;
pub use application::{Application, application};
pub use bell::Bell;
pub use body::Body;
pub use builder::Builder;
pub use control::{Handle, ServeError};
pub use draft::Draft;
pub use environ::{Deployment, Environ, Errors, Mark};
pub use exchange::{Exchange, Visit};
pub use gateway::Gateway;
pub use input::{Input, Source};
pub use intake::{Blame, Coding, GO, Intake, Length, Progress, Refusal};
pub use options::{Address, GATEWAY_SETTINGS, Options};
pub use pace::{PACE_SETTINGS, Pace};
pub use pause::{pause, pause_with};
pub use protocol::Protocol;
pub use registry::{Export, Registry, UnknownApplication};
pub use server::{WsgiServer, make_server};
pub use start_response::{
    Begin, Sink, StartError, StartResponse, Writer, check_header, check_status,
};
pub use transport::{Behind, Client, Transport};
pub use value::Value;
pub use wire::{BodyEnd, Policy, Stamp, UntilClose, Wire};
// ANCHOR_END: imports
