//! Greenlets over real connections: TLS, sockets, and what can go wrong.

mod exercises;
mod planted_failures;
mod secured;
mod sockets;
