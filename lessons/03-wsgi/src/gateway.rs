//! The server's side of the gateway: one connection, one request, one answer.

// ANCHOR: imports
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lesson02::{Connection, Desk, Ending, Fault, Framing, Page, Settings, first_line, log_request};
use terminal::{say, visible};

use crate::{
    Answer, Application, Client, Coding, Deployment, Exchange, Intake, Length, Outcome, Pace,
    UntilClose, Visit, Wire,
};
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
    pub fn converse(&self, client: Client, app: &dyn Application, desk: &mut Desk) {
        let limits = &self.settings.limits;
        let Client {
            stream,
            peer,
            accepted,
        } = client;
        desk.input.reset(limits.head_bytes);
        let stream = Box::new(Arc::new(stream));
        let mut connection = Connection::over(stream, accepted, limits, self.settings.trace);
        let outcome = match connection.receive_head(&mut desk.input, &mut desk.head, limits) {
            Ok(false) => return, // Nothing was asked.
            Ok(true) if desk.head.framing() == Framing::Chunked => Err(Fault::ChunkedNotYet),
            Ok(true) => Ok(self.answer(&mut connection, peer, app, desk)),
            Err(fault) => Err(fault),
        };
        let outcome = outcome.unwrap_or_else(|fault| {
            let outcome = self.refuse(&fault.into(), fault.ending(), desk);
            match connection.send(&desk.output) {
                Ok(()) => outcome,
                // A client that left before its answer needs no gentle close.
                Err(_) => Outcome {
                    ending: Ending::Clean,
                    ..outcome
                },
            }
        });
        connection.close(outcome.ending, limits);
        self.log(&outcome, peer, desk);
    }
}
// ANCHOR_END: gateway

// ANCHOR: answer
impl Gateway {
    /// Lets the application answer a request.
    fn answer(
        &self,
        connection: &mut Connection,
        peer: SocketAddr,
        app: &dyn Application,
        desk: &mut Desk,
    ) -> Outcome {
        let visit = Visit {
            deployment: &self.deployment,
            peer,
            session: None,
            policy: &UntilClose,
        };
        let length = Length::of(desk.head.framing());
        self.exchange(length, UntilClose, desk)
            .run(app, &visit, desk, connection)
    }

    /// The exchange for the request on the desk, whose body is written like this and whose answer
    /// like that.
    pub fn exchange<W: Wire, C: Coding>(&self, coding: C, wire: W, desk: &Desk) -> Exchange<W, C> {
        let (head, received) = (&desk.head, desk.input.received());
        let to_head = head.request(received).method() == "HEAD";
        Exchange {
            intake: Intake::new(coding, head, &received[head.end()..], self.pace),
            answer: Answer::new(wire, to_head),
        }
    }

    /// Lays out the answer to a request that never reaches the application.
    pub fn refuse(&self, page: &Page, ending: Ending, desk: &mut Desk) -> Outcome {
        let with_body = !first_line(desk.input.received()).starts_with(b"HEAD ");
        let (software, date) = (self.deployment.software, desk.clock.date());
        desk.output.clear();
        page.write(software, date, with_body, &mut desk.output);
        Outcome {
            code: page.code().parse().unwrap_or(400),
            body_bytes: if with_body { page.body.len() as u64 } else { 0 },
            ending,
            is_whole: false,
            complaint: None,
        }
    }

    /// Writes the access log, and what went wrong, under a number that tells requests apart.
    pub fn log(&self, outcome: &Outcome, peer: SocketAddr, desk: &mut Desk) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        if outcome.complaint.is_none() && self.settings.quiet {
            return;
        }
        let line = first_line(desk.input.received());
        if let Some(complaint) = &outcome.complaint {
            let (line, complaint) = (visible(line), visible(complaint.as_bytes()));
            say(format_args!("request {number} \"{line}\": {complaint}"));
        }
        if !self.settings.quiet {
            let date = desk.clock.date();
            log_request(date, peer, line, outcome.code, outcome.body_bytes);
        }
    }
}
// ANCHOR_END: answer
