//! Lesson 9: WebSocket.
//!
//! New here: a connection that was HTTP becomes one on which both sides speak whenever they like,
//! and it no longer belongs to a worker: one thread drives all of them.
//!
//! ```text
//! WebSocketApplication::respond      an application: Handshake::read, then 101 and a Session
//!   the pool of lesson 7             sends the 101, and hands the connection over
//! WebSocketPlugin (an Upgrader)      takes it over, and takes part in the server's stop
//!   Driver, one thread               who is ready? who was written to? who is due?
//!     Upgraded::turn                 receive → Protocol → send, and never wait
//!       Session (a Protocol)         frames → messages → handler; pings, pongs, close
//!         Reader                     FrameHead::parse, unmask, put together, check
//!         WebSocket                  opened, received_message, ponged, closed: yours
//!   WebSocketManager, Channels       everybody's mailboxes, from any thread
//! ```
//!
//! Still wrong, on purpose: only sockets have left their workers. A client that says nothing, or is
//! quiet between two requests, still owns one (`cargo run -p check -- break lesson09
//! many-silent-clients`). The event loop of lesson 10 drives them all.

// ANCHOR: imports
#![forbid(unsafe_code)]

mod application;
mod channels;
pub mod chat;
pub mod close;
mod deadlines;
pub mod demo;
mod driver;
pub mod frame;
mod handler;
mod handshake;
mod mailbox;
mod manager;
mod message;
mod places;
mod plugin;
mod poller;
mod rules;
mod session;
mod switchboard;
mod upgraded;
mod wsocket;

pub use application::WebSocketApplication;
pub use channels::{Channels, Relay};
pub use deadlines::{Alarm, Deadlines};
pub use driver::Driver;
pub use handler::{EchoWebSocket, Events, Socket, WebSocket};
pub use handshake::{Handshake, Refusal, accept_key};
pub use mailbox::{Closed, Letter, SocketHandle};
pub use manager::WebSocketManager;
pub use message::{Found, Message, Reader};
pub use places::{Places, Token};
pub use plugin::{BROADCAST, WebSocketPlugin};
pub use poller::{Poller, Ready, Wish};
pub use rules::{SOCKET_SETTINGS, SocketRules};
pub use session::Session;
pub use upgraded::{DriverLimits, Gone, Scratch, Upgraded};
pub use wsocket::{WSocketApp, demo_app, run};
// ANCHOR_END: imports
