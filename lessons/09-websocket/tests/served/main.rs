//! Sockets on the real server, over real connections.

mod chat;
mod driver;
mod exercises;
mod handshake;
mod house;
mod mean;
mod outage;
mod probes;
mod small;
mod stopping;
mod tls;
