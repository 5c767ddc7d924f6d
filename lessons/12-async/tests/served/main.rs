//! Tasks over real connections: applications of both kinds, TLS, sockets, and what can go wrong.

mod applications;
mod exercises;
mod planted_failures;
mod secured;
mod sockets;
