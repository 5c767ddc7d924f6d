// ANCHOR: flow
//! Lesson 3: the gateway.
//!
//! New here: the server knows no application, and the application knows no server. Between them
//! stands a calling convention, WSGI (PEP 3333), as Rust types.
//!
//! ```text
//! make_server → serve_forever         accept → converse, one client at a time
//!   Gateway::converse                 receive_head (lesson 2) → answer → close
//!     Exchange::run                   the application's turn, panics and all
//!       app.respond(environ, start_response)
//!         environ.get, environ.input  what was asked; the body, lazily
//!         start_response.begin        status and headers, stored, not sent
//!       send_body                     each piece before the next one is made
//! ```
//!
//! Still wrong, on purpose: a request that takes long makes everybody wait
//! (`cargo run -p check -- break lesson03 slow-application`).
// ANCHOR_END: flow

// ANCHOR: imports
#![forbid(unsafe_code)]

mod application;
mod body;
mod control;
pub mod demo;
mod environ;
mod exchange;
mod gateway;
mod input;
mod intake;
mod options;
mod pace;
mod registry;
mod response;
mod server;
mod start_response;
pub mod validator;
mod value;
mod variables;

pub use application::{AppError, Application, application};
pub use body::Body;
pub use control::{Handle, ServeError};
pub use environ::{Deployment, Environ, Errors, Mark};
pub use exchange::{Exchange, Outcome};
pub use gateway::{Desk, Gateway};
pub use input::{Input, Source, Transport};
pub use intake::{Inlet, Intake, RequestBody};
pub use options::{Address, GATEWAY_SETTINGS, Options};
pub use pace::{PACE_SETTINGS, Pace};
pub use registry::{Export, Registry, UnknownApplication};
pub use response::{Account, Extent, Response, Stamp, UntilClose, Wire};
pub use server::{Builder, WsgiServer, make_server};
pub use start_response::{
    Begin, Sink, StartError, StartResponse, Writer, check_header, check_status,
};
pub use value::Value;
// ANCHOR_END: imports
