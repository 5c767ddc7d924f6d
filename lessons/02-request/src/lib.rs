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

mod connection;
mod date;
mod fault;
mod framing;
mod head;
mod limits;
mod log;
mod page;
mod scan;
mod settings;
mod target;

use std::net::SocketAddr;

use lesson01::accept;
use socket2::Socket;

pub use connection::{Buffer, Connection, Ending, arm};
pub use date::Clock;
pub use fault::{ALLOWED_METHODS, Fault};
pub use framing::Framing;
pub use head::{Head, Request, Version, is_token_byte, parse_head};
pub use limits::{LIMIT_SETTINGS, Limits, MAX_FIELDS};
pub use log::{first_line, log_request};
pub use page::Page;
pub use scan::{Extent, Scanner};
pub use settings::{SERVER_SETTINGS, Settings};
pub use target::{Target, is_host, percent_decode};
// ANCHOR_END: imports

// ANCHOR: serve
/// Serves one client after the other, for ever, with whatever `respond` makes of a request.
pub fn serve(listener: &Socket, settings: &Settings, respond: impl Fn(&Request) -> Page) -> ! {
    let mut desk = Desk::default();
    loop {
        let (client, peer) = accept(listener);
        let limits = &settings.limits;
        let mut connection =
            Connection::new(client.into(), &mut desk.input, limits, settings.trace);
        let head = connection.receive_head(&mut desk.input, limits);
        if let Some(head) = head.transpose() {
            let answer = answer(head, desk.input.received(), &respond);
            let ending = desk.send(&answer, &mut connection, peer, settings);
            connection.close(ending, limits);
        } // Otherwise nothing was asked, and the connection closes as it is dropped.
    }
}

/// What is used again for each client.
#[derive(Default)]
struct Desk {
    input: Buffer,
    output: Vec<u8>,
    clock: Clock,
}

impl Desk {
    /// Sends and logs an answer; returns how to end the connection.
    fn send(
        &mut self,
        answer: &Answer,
        connection: &mut Connection,
        peer: SocketAddr,
        settings: &Settings,
    ) -> Ending {
        let (page, date) = (&answer.page, self.clock.date());
        self.output.clear();
        page.write("lesson02", date, answer.with_body, &mut self.output);
        let sent = connection.send(&self.output);
        if !settings.quiet {
            let bytes = if answer.with_body { page.body.len() } else { 0 };
            let line = first_line(self.input.received());
            log_request(date, peer, line, page.code(), bytes as u64);
        }
        // A client that left before its answer needs no gentle close.
        if sent.is_ok() {
            answer.ending
        } else {
            Ending::Clean
        }
    }
}
// ANCHOR_END: serve

// ANCHOR: answer
/// A page on its way, and how to close behind it.
struct Answer {
    page: Page,
    with_body: bool,
    ending: Ending,
}

/// Decides what to answer.
fn answer(
    head: Result<Head, Fault>,
    received: &[u8],
    respond: impl Fn(&Request) -> Page,
) -> Answer {
    let (page, ending) = match head {
        Ok(head) if head.framing() == Framing::Chunked => {
            (Fault::ChunkedNotYet.into(), Ending::Drain)
        }
        Ok(head) => (respond(&head.request(received)), ending(&head, received)),
        Err(fault) => (fault.into(), fault.ending()),
    };
    let with_body = !first_line(received).starts_with(b"HEAD ");
    Answer {
        page,
        with_body,
        ending,
    }
}

/// After an answer that left the body alone, input may remain; after any other, none does.
fn ending(head: &Head, received: &[u8]) -> Ending {
    if head.is_all_of(received) {
        Ending::Clean
    } else {
        Ending::Drain
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
