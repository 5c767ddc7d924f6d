//! The server's side of the gateway: one connection, one request, one answer.

// ANCHOR: imports
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use lesson02::{
    Buffer, Clock, Connection, Ending, Fault, Framing, Head, Page, Settings, first_line,
    log_request,
};
use terminal::{say, visible};

use crate::response::{Digits, Response, Stamp, UntilClose};
use crate::{Application, Deployment, Environ, Exchange, Inlet, Input, Intake, Outcome, Pace};
// ANCHOR_END: imports

// ANCHOR: gateway
/// What every connection of a server needs to know. Servers of all kinds share it: none of it
/// says who waits for whom.
#[derive(Debug)]
pub struct Gateway {
    /// Limits, trace and log.
    pub settings: Settings,
    /// How slowly a request's body may come.
    pub pace: Pace,
    /// What applications are told about the server.
    pub deployment: Deployment,
    requests: AtomicU64,
}

/// What one worker uses again for each request, so that a request costs no memory of its own.
#[derive(Debug, Default)]
pub struct Desk {
    /// What was received and not used up.
    pub input: Buffer,
    /// What waits to be sent.
    pub output: Vec<u8>,
    /// The time, for the head of each answer.
    pub clock: Clock,
}

impl Gateway {
    /// A gateway with these settings.
    pub fn new(settings: Settings, pace: Pace, deployment: Deployment) -> Gateway {
        Gateway {
            settings,
            pace,
            deployment,
            requests: AtomicU64::new(0),
        }
    }

    /// Serves one connection: one request, one answer, close.
    pub fn converse(
        &self,
        client: TcpStream,
        peer: SocketAddr,
        app: &dyn Application,
        desk: &mut Desk,
    ) {
        let limits = &self.settings.limits;
        let trace = self.settings.trace;
        let mut connection = Connection::new(client, &mut desk.input, limits, trace);
        let outcome = match connection.receive_head(&mut desk.input, limits) {
            Ok(None) => return, // Nothing was asked.
            Ok(Some(head)) if head.framing() == Framing::Chunked => {
                self.refuse(&mut connection, Fault::ChunkedNotYet, desk)
            }
            Ok(Some(head)) => self.answer(&mut connection, &head, peer, app, desk),
            Err(fault) => self.refuse(&mut connection, fault, desk),
        };
        self.log(&outcome, peer, desk);
        connection.close(outcome.ending, limits);
    }
}
// ANCHOR_END: gateway

// ANCHOR: answer
impl Gateway {
    /// Lets the application answer a request.
    fn answer(
        &self,
        connection: &mut Connection,
        head: &Head,
        peer: SocketAddr,
        app: &dyn Application,
        desk: &mut Desk,
    ) -> Outcome {
        let received = desk.input.received();
        let request = head.request(received);
        let length = match head.framing() {
            Framing::Length(length) => length,
            Framing::Empty | Framing::Chunked => 0,
        };
        let leftover = &received[head.end()..];
        let surplus = leftover.len() as u64 > length;
        let mut body = Intake::new(
            Inlet::new(leftover, head.expects_continue(), self.pace),
            length,
        );
        let mut wire = UntilClose;
        let response = Response::new(&mut desk.output, &mut wire, request.method() == "HEAD");
        let stamp = Stamp {
            date: desk.clock.date(),
            software: self.deployment.software,
        };
        let exchange = Exchange::new(connection, &mut body, response, stamp);
        let input = Input::new(&exchange);
        let mut environ = Environ::new(request, peer, &self.deployment, input);
        let outcome = exchange.run(app, &mut environ);
        match outcome.ending {
            // What came after the body will never be read; see `Ending::Drain`.
            Ending::Clean if surplus => Outcome {
                ending: Ending::Drain,
                ..outcome
            },
            _ => outcome,
        }
    }

    /// Answers a request that never reaches the application.
    pub fn refuse(&self, connection: &mut Connection, fault: Fault, desk: &mut Desk) -> Outcome {
        let page = Page::from(fault);
        let with_body = !first_line(desk.input.received()).starts_with(b"HEAD ");
        desk.output.clear();
        page.write(
            self.deployment.software,
            desk.clock.date(),
            with_body,
            &mut desk.output,
        );
        let sent = connection.send(&desk.output);
        Outcome {
            code: page.code().parse().unwrap_or(400),
            body_bytes: if with_body { page.body.len() as u64 } else { 0 },
            // A client that left before its answer needs no gentle close.
            ending: if sent.is_ok() {
                fault.ending()
            } else {
                Ending::Clean
            },
            is_whole: false,
            complaint: None,
        }
    }

    /// Writes the access log, and what went wrong, under a number that tells requests apart.
    pub fn log(&self, outcome: &Outcome, peer: SocketAddr, desk: &mut Desk) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let line = first_line(desk.input.received());
        if let Some(complaint) = &outcome.complaint {
            let complaint = visible(complaint.as_bytes());
            say(format_args!(
                "request {number} \"{}\": {complaint}",
                visible(line)
            ));
        }
        if !self.settings.quiet {
            let code = Digits::of(u64::from(outcome.code));
            log_request(
                desk.clock.date(),
                peer,
                line,
                code.text(),
                outcome.body_bytes,
            );
        }
    }
}
// ANCHOR_END: answer
