//! Sockets on the real server, over real connections.

mod chat;
mod driver;
mod handshake;
mod house;
mod mean;
mod outage;
mod stopping;
mod tls;
