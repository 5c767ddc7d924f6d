//! Lesson 8: many applications, and TLS.
//!
//! New here: one server serves several applications, each below its own path; and between the server
//! and its clients stands TLS. The server itself is that of lesson 7, unchanged: a dispatcher is one
//! more application, and TLS is one more stream.
//!
//! ```text
//! PoolServer (lesson 7)
//!   House::stream → TlsAdapter::wrap     an adapter makes a stream of each socket
//!     TlsStream::read, write             in the worker: handshake, then plain text
//!       session                          what was agreed on, as variables for applications
//!   app.respond → Dispatcher::respond    the longest prefix wins
//!     the application below              SCRIPT_NAME and PATH_INFO say where it stands
//! CertificateKeeper                      SIGHUP: read the files again, set another adapter
//! ```
//!
//! Still wrong, on purpose: a handshake that never ends owns a worker like a head that never ends
//! (`cargo run -p check -- break lesson08 many-silent-clients`), and the server can only answer:
//! nobody gets a message without asking for it.

// ANCHOR: imports
#![forbid(unsafe_code)]

mod adapter;
mod certificate;
mod certificate_error;
pub mod demo;
mod keeper;
mod mount;
mod settings;
mod stream;
mod variables;

pub use adapter::TlsAdapter;
pub use certificate::{Identity, read_trusted};
pub use certificate_error::{CertificateError, Problem};
pub use keeper::CertificateKeeper;
pub use mount::{Dispatcher, MountError};
pub use settings::{TLS_SETTINGS, TlsSettings};
// ANCHOR_END: imports
