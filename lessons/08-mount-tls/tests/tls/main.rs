//! TLS, over a socket. The clients are rustls, bytes by hand, and what is installed.

mod closing;
mod command;
mod handshake;
mod hostile;
mod house;
mod names;
mod plain;
mod renewal;
mod tools;
mod variables;
