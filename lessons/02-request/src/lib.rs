// ANCHOR: flow
//! Lesson 2: bytes become a request.
//!
//! New here: a request arrives in any pieces, may be anything, and may never end.
//!
//! ```text
//! serve            accept → receive_head → answer → send → close    one client at a time
//!   receive_head   read until the head is whole                     a deadline, limits, faults
//!     Scanner        where does it end?                             bytes in, no socket
//!     Head::parse    what does it ask?                              bytes in, no socket
//!   answer         request → page, or fault → page                  the application, welded in
//!   close          half-close, drain, close                         so that the answer arrives
//! ```
//!
//! Still wrong, on purpose: the application is a function of this crate and knows nothing but
//! the head (bodies are never read), and one client is served after the other
//! (`cargo run -p check -- break lesson02 silent-client`).
// ANCHOR_END: flow

// ANCHOR: imports
#![forbid(unsafe_code)]

mod buffer;
mod connection;
mod date;
mod desk;
mod fault;
mod framing;
mod head;
mod limits;
mod log;
mod page;
mod scan;
mod settings;
mod stream;
mod target;
mod token;
mod version;

use std::net::SocketAddr;

use lesson01::accept;
use socket2::Socket;

pub use buffer::{Buffer, Rest};
pub use connection::{Connection, Ending, arm};
pub use date::Clock;
pub use desk::Desk;
pub use fault::{ALLOWED_METHODS, Fault};
pub use framing::Framing;
pub use head::{Head, Request, Wishes, parse_head};
pub use limits::{LIMIT_SETTINGS, Limits, MAX_FIELDS};
pub use log::{first_line, log_request, trace};
pub use page::Page;
pub use scan::{Extent, Scanner};
pub use settings::{SERVER_SETTINGS, Settings};
pub use stream::{Session, Stream};
pub use target::{Target, is_host, percent_decode};
pub use token::is_token_byte;
pub use version::Version;
// ANCHOR_END: imports

// ANCHOR: serve
/// Serves one client after the other, for ever, with whatever `respond` makes of a request.
pub fn serve(listener: &Socket, settings: &Settings, respond: impl Fn(&Request) -> Page) -> ! {
    let mut desk = Desk::default();
    let limits = &settings.limits;
    loop {
        let (client, peer) = accept(listener);
        let mut connection =
            Connection::new(client.into(), &mut desk.input, limits, settings.trace);
        let reply = match connection.receive_head(&mut desk.input, &mut desk.head, limits) {
            Ok(false) => continue, // Nothing was asked, and the connection closes as it is dropped.
            Ok(true) => answer(&desk.head, desk.input.received(), &respond),
            Err(fault) => refusal(fault, desk.input.received()),
        };
        let ending = send(&reply, &mut connection, peer, &mut desk, settings);
        connection.close(ending, limits);
    }
}

/// Sends and logs an answer; returns how to end the connection.
fn send(
    reply: &Reply,
    connection: &mut Connection,
    peer: SocketAddr,
    desk: &mut Desk,
    settings: &Settings,
) -> Ending {
    let (page, date) = (&reply.page, desk.clock.date());
    desk.output.clear();
    page.write("lesson02", date, reply.with_body, &mut desk.output);
    let sent = connection.send(&desk.output);
    if !settings.quiet {
        let bytes = if reply.with_body { page.body.len() } else { 0 };
        let line = first_line(desk.input.received());
        log_request(date, peer, line, page.code(), bytes as u64);
    }
    // A client that left before its answer needs no gentle close.
    if sent.is_ok() {
        reply.ending
    } else {
        Ending::Clean
    }
}
// ANCHOR_END: serve

// ANCHOR: answer
/// A page on its way, and how to close behind it.
struct Reply {
    page: Page,
    with_body: bool,
    ending: Ending,
}

/// What the application says to a request.
fn answer(head: &Head, received: &[u8], respond: impl Fn(&Request) -> Page) -> Reply {
    if head.framing() == Framing::Chunked {
        return refusal(Fault::ChunkedNotYet, received);
    }
    let request = head.request(received);
    Reply {
        page: respond(&request),
        with_body: request.method() != "HEAD",
        // After an answer that left the body alone, input may remain; after any other, none does.
        ending: match head.is_all_of(received) {
            true => Ending::Clean,
            false => Ending::Drain,
        },
    }
}

/// What a client is told whose request never reaches the application.
fn refusal(fault: Fault, received: &[u8]) -> Reply {
    Reply {
        page: fault.into(),
        with_body: !first_line(received).starts_with(b"HEAD "),
        ending: fault.ending(),
    }
}

impl Fault {
    /// After a fault nobody knows what else the client has sent, so its input is drained. One
    /// that did not finish in time has had its time.
    pub fn ending(self) -> Ending {
        if self == Fault::HeadTimeout {
            Ending::Clean
        } else {
            Ending::Drain
        }
    }
}
// ANCHOR_END: answer

// ANCHOR: hello
/// The application, welded into the server.
pub fn hello(_request: &Request) -> Page {
    Page::text("200 OK", "Hello, World!")
}
// ANCHOR_END: hello
