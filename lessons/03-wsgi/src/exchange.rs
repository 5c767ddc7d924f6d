//! One request's way through an application and back.

// ANCHOR: imports
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;

use lesson02::{Clock, Desk, Ending, Request, Rest, Session};

use crate::answer::{Answer, Failure, Outcome, guarded};
use crate::{
    AppError, Application, Body, Coding, Deployment, Environ, Input, Intake, Policy, Sink, Source,
    Stamp, StartError, StartResponse, Transport, Wire, Writer,
};
// ANCHOR_END: imports

// ANCHOR: exchange
/// A request's body on its way in, and an answer on its way out.
///
/// It borrows nothing. A server that may wait runs it from beginning to end ([`Exchange::run`]);
/// one that may not calls its parts one by one, and puts it away in between.
pub struct Exchange<W, C> {
    /// The request's body.
    pub intake: Intake<C>,
    /// The answer.
    pub answer: Answer<W>,
}

/// Who is being served, and by whom.
pub struct Visit<'v> {
    /// What applications are told about the server.
    pub deployment: &'v Deployment,
    /// The client's address.
    pub peer: SocketAddr,
    /// What was agreed on with the client, if the connection is secured.
    pub session: Option<&'v Session>,
    /// What the server wants for the connection.
    pub policy: &'v dyn Policy,
}

impl Visit<'_> {
    fn stamp<'s>(&'s self, date: &'s str) -> Stamp<'s> {
        Stamp {
            date,
            software: self.deployment.software,
            policy: self.policy,
        }
    }
}
// ANCHOR_END: exchange

// ANCHOR: run
impl<W: Wire, C: Coding> Exchange<W, C> {
    /// Calls the application and sends its answer: each piece before the next one is asked for
    /// (PEP 3333, "Buffering and Streaming").
    pub fn run<T: Transport + ?Sized>(
        &mut self,
        app: &dyn Application,
        visit: &Visit<'_>,
        desk: &mut Desk,
        transport: &mut T,
    ) -> Outcome {
        self.call(app, visit, desk, Some(&mut *transport));
        loop {
            if !self.answer.is_made() {
                self.advance(visit, desk);
            }
            let last = self.is_last(desk);
            // Should the client be gone, the answer knows, and is made.
            let _ = self.answer.send(transport, &mut desk.output, last);
            if self.answer.is_made() {
                break;
            }
        }
        self.conclude(desk)
    }

    /// Calls the application. What it returns is for [`Exchange::advance`] to make bytes of.
    ///
    /// A panic anywhere in the application ends here: it is this request's failure and nobody
    /// else's.
    pub fn call<T: Transport + ?Sized>(
        &mut self,
        app: &dyn Application,
        visit: &Visit<'_>,
        desk: &mut Desk,
        transport: Option<&mut T>,
    ) {
        let Exchange { intake, answer } = self;
        let (head, rest) = desk.input.split(desk.head.end());
        let request = desk.head.request(head);
        desk.output.clear();
        let parties = RefCell::new(Parties {
            intake,
            rest,
            answer,
            out: &mut desk.output,
            transport,
            clock: &mut desk.clock,
            visit,
        });
        let input = Input::new(&parties);
        let mut environ = Environ::new(request, visit.peer, visit.deployment, input);
        environ.session = visit.session;
        let mut begin = |status: &str, headers: &[(&str, &str)]| {
            parties.borrow_mut().begin(status, headers)?;
            Ok(Writer::new(&parties))
        };
        let returned = guarded(|| {
            let body = app.respond(&mut environ, StartResponse::new(&mut begin))?;
            check_upgrade(&body, request)?;
            Ok(body)
        });
        parties.borrow_mut().take(returned);
    }

    /// Makes one more piece of the answer.
    pub fn advance(&mut self, visit: &Visit<'_>, desk: &mut Desk) {
        let unread = self.intake.unread(behind_the_head(desk));
        let stamp = visit.stamp(desk.clock.date());
        self.answer.advance(unread, stamp, &mut desk.output);
    }

    /// Ends the exchange, when everything has been sent or nothing more can be.
    pub fn conclude(&mut self, desk: &Desk) -> Outcome {
        self.answer.conclude(self.ending(desk))
    }

    /// Whether the connection can be closed together with what waits to be sent: it is all that
    /// there is, and the client has nothing more to say and knows it.
    pub fn is_last(&self, desk: &Desk) -> bool {
        self.answer.is_all_there() && desk.head.is_the_last() && self.ending(desk) == Ending::Clean
    }

    /// How the request asks for the connection to be closed.
    fn ending(&self, desk: &Desk) -> Ending {
        self.intake.ending(behind_the_head(desk))
    }
}

/// A server switches only to what its client has listed (RFC 9110 §7.8).
fn check_upgrade(body: &Body, request: Request<'_>) -> Result<(), AppError> {
    match body {
        Body::Upgrade(protocol) if !request.asks_for(protocol.name()) => {
            let name = protocol.name();
            Err(AppError::new(format!(
                "the client has not asked for {name}"
            )))
        }
        _ => Ok(()),
    }
}

fn behind_the_head(desk: &Desk) -> &[u8] {
    &desk.input.received()[desk.head.end()..]
}
// ANCHOR_END: run

// ANCHOR: parties
/// What `wsgi.input`, `start_response` and `write` share while the application is called.
///
/// They take turns, all on one thread, so a `RefCell` is all the locking there is.
struct Parties<'p, W, C, T: ?Sized> {
    intake: &'p mut Intake<C>,
    rest: Rest<'p>,
    answer: &'p mut Answer<W>,
    out: &'p mut Vec<u8>,
    /// The connection, if somebody may wait for it. If not, the body has been gathered, and what
    /// is written is sent later.
    transport: Option<&'p mut T>,
    clock: &'p mut Clock,
    visit: &'p Visit<'p>,
}

impl<W: Wire, C: Coding, T: Transport + ?Sized> Parties<'_, W, C, T> {
    fn begin(&mut self, status: &str, headers: &[(&str, &str)]) -> Result<(), StartError> {
        self.answer.begin(status, headers, self.out)
    }

    fn take(&mut self, returned: Result<Body, Failure>) {
        match returned {
            Ok(body) => self.answer.take(body),
            Err(failure) => {
                let failure = failure.or_blame(self.intake.blame());
                let stamp = self.visit.stamp(self.clock.date());
                self.answer.fail(failure, stamp, self.out);
            }
        }
    }
}

impl<W: Wire, C: Coding, T: Transport + ?Sized> Source for RefCell<Parties<'_, W, C, T>> {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let parties = &mut *self.borrow_mut();
        let may_go = !parties.answer.draft().is_committed();
        let transport = parties.transport.as_deref_mut();
        parties
            .intake
            .read(&mut parties.rest, transport, may_go, into)
    }
}

impl<W: Wire, C: Coding, T: Transport + ?Sized> Sink for RefCell<Parties<'_, W, C, T>> {
    fn write(&self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(()); // Legal, and no reason to make the head final.
        }
        let parties = &mut *self.borrow_mut();
        if parties.answer.draft().is_upgrade() {
            let message = "what follows a 101 is for its protocol to write";
            return Err(io::Error::other(message));
        }
        let unread = parties.intake.unread(parties.rest.received());
        let stamp = parties.visit.stamp(parties.clock.date());
        parties.answer.write(data, unread, stamp, parties.out);
        match parties.transport.as_deref_mut() {
            Some(transport) => parties.answer.send(transport, parties.out, false),
            None => Ok(()),
        }
    }
}
// ANCHOR_END: parties
