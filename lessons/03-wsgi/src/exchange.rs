//! One request's way through an application and back.

// ANCHOR: imports
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;

use lesson02::{Clock, Desk, Ending, Request, Rest, Session};

use crate::answer::{Answer, Failure, Outcome, guarded};
use crate::{
    AppError, Application, Behind, Body, Coding, Deployment, Environ, Input, Intake, Policy, Sink,
    Source, Stamp, StartError, StartResponse, Transport, Wire, Writer,
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
            let behind = self.behind(desk);
            // Should the client be gone, the answer knows, and is made.
            let _ = self.answer.send(transport, &mut desk.output, behind);
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

    /// Shows somebody the request before the application is called. What is read of its body here
    /// is not there any more when it is.
    pub fn show<R>(
        &mut self,
        visit: &Visit<'_>,
        desk: &mut Desk,
        look: impl FnOnce(&mut Environ<'_>) -> R,
    ) -> R {
        let (head, rest) = desk.input.split(desk.head.end());
        let parties = RefCell::new(Parties {
            intake: &mut self.intake,
            rest,
            answer: &mut self.answer,
            out: &mut desk.output,
            transport: None::<&mut dyn Transport>,
            clock: &mut desk.clock,
            visit,
        });
        let (request, input) = (desk.head.request(head), Input::new(&parties));
        let mut environ = Environ::new(request, visit.peer, visit.deployment, input);
        environ.session = visit.session;
        look(&mut environ)
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

    /// What comes behind what waits to be sent. The connection is closed at once if that is all
    /// there is, and the client has nothing more to say and knows it.
    pub fn behind(&self, desk: &Desk) -> Behind {
        let is_over = || desk.head.is_the_last() && self.ending(desk) == Ending::Clean;
        match self.answer.behind() {
            Behind::End if !is_over() => Behind::Whatever,
            behind => behind,
        }
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
        let outcome = parties
            .intake
            .read(&mut parties.rest, transport, may_go, into);
        if outcome.is_err() && parties.intake.blame().is_none() {
            // The connection broke, perhaps in the middle of `100 Continue`. Whatever the
            // application makes of that, nothing may be sent behind half of a message.
            parties.answer.abandon(0);
        }
        outcome
    }
}

impl<W: Wire, C: Coding, T: Transport + ?Sized> Sink for RefCell<Parties<'_, W, C, T>> {
    fn write(&self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(()); // Legal, and no reason to make the head final.
        }
        let parties = &mut *self.borrow_mut();
        if parties.answer.is_abandoned() {
            // A piece is missing by now, and none may come behind it.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if parties.answer.draft().is_upgrade() {
            let message = "what follows a 101 is for its protocol to write";
            return Err(io::Error::other(message));
        }
        let unread = parties.intake.unread(parties.rest.received());
        let stamp = parties.visit.stamp(parties.clock.date());
        parties.answer.write(data, unread, stamp, parties.out);
        match parties.transport.as_deref_mut() {
            Some(transport) => {
                let behind = parties.answer.behind();
                parties.answer.send(transport, parties.out, behind)
            }
            None => Ok(()),
        }
    }
}
// ANCHOR_END: parties

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::time::Instant;

    use lesson02::{Settings, parse_head};

    use super::*;
    use crate::{AppError, Gateway, Length, Pace, UntilClose, application};

    /// A client that stops to take anything after so many bytes, and a little later goes on.
    struct Falters {
        room: usize,
        sent: Vec<u8>,
    }

    impl Transport for Falters {
        fn read(&mut self, _into: &mut [u8], _deadline: Instant) -> io::Result<usize> {
            Err(ErrorKind::ConnectionReset.into())
        }

        fn send(&mut self, bytes: &[u8], _behind: Behind) -> io::Result<()> {
            let count = bytes.len().min(self.room);
            self.sent.extend_from_slice(&bytes[..count]);
            self.room = usize::MAX;
            match count == bytes.len() {
                true => Ok(()),
                false => Err(ErrorKind::TimedOut.into()),
            }
        }

        fn sent(&self) -> u64 {
            self.sent.len() as u64
        }
    }

    /// What a client gets of the answer to `fields` that takes so many bytes at first.
    fn serve(fields: &str, room: usize, app: &dyn Application) -> (String, Outcome) {
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let deployment = Deployment::at(peer, "test");
        let gateway = Gateway::new(Settings::default(), Pace::default(), deployment);
        let text = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n{fields}\r\n");
        let limits = &gateway.settings.limits;
        let mut desk = Desk::default();
        desk.input.reset(limits.head_bytes);
        desk.input.room()[..text.len()].copy_from_slice(text.as_bytes());
        desk.input.grow(text.len());
        desk.head = parse_head(text.as_bytes(), limits).unwrap().unwrap();
        let visit = Visit {
            deployment: &gateway.deployment,
            peer,
            session: None,
            policy: &UntilClose,
        };
        let sent = Vec::new();
        let mut client = Falters { room, sent };
        let mut exchange = gateway.exchange(Length(3), UntilClose, &desk);
        let outcome = exchange.run(app, &visit, &mut desk, &mut client);
        (String::from_utf8(client.sent).unwrap(), outcome)
    }

    #[test]
    fn nothing_follows_half_of_a_100_continue() {
        let expects = "Expect: 100-continue\r\n";
        let ignores = application(|environ, start_response| {
            let _ = environ.input().read(&mut [0; 3]);
            start_response.begin("200 OK", &[])?;
            Ok(Body::from("whatever"))
        });
        let fails = application(|environ, _| {
            environ.input().read_exact(&mut [0; 3])?;
            Ok(Body::Empty)
        });
        let writes = application(|environ, start_response| {
            let _ = environ.input().read(&mut [0; 3]);
            let mut writer = start_response.begin("200 OK", &[])?;
            assert!(writer.write_all(b"whatever").is_err());
            Err(AppError::new("nobody is there"))
        });
        let apps: [&dyn Application; 3] = [&ignores, &fails, &writes];
        for app in apps {
            let (sent, outcome) = serve(expects, 12, app);
            assert_eq!(sent, "HTTP/1.1 100");
            assert_eq!((outcome.ending, outcome.body_bytes), (Ending::Reset, 0));
        }
    }

    #[test]
    fn nothing_follows_half_of_a_piece_whoever_goes_on_writing() {
        let goes_on = application(|_, start_response| {
            let mut writer = start_response.begin("200 OK", &[])?;
            assert!(writer.write_all(b"first").is_err());
            assert!(writer.write_all(b"second").is_err());
            Ok(Body::from("third"))
        });
        let (sent, outcome) = serve("", 20, &goes_on);
        assert_eq!(sent, "HTTP/1.1 200 OK\r\nDat");
        assert_eq!((outcome.ending, outcome.is_whole), (Ending::Reset, false));
    }

    #[test]
    fn the_log_hears_by_how_much_a_body_is_not_as_long_as_was_said() {
        let says = |length: &'static str| {
            let app = application(move |_, start_response| {
                let mut writer = start_response.begin("200 OK", &[("Content-Length", length)])?;
                writer.write_all(b"abc")?;
                Ok(Body::from("de"))
            });
            serve("", usize::MAX, &app).1
        };
        let complaint = |length| says(length).complaint.unwrap_or_default();
        assert_eq!(
            complaint("2"),
            "the application sent 3 bytes more than its Content-Length; cut off"
        );
        assert_eq!(
            complaint("6"),
            "the application sent less than its Content-Length"
        );
        assert_eq!((complaint("5").as_str(), says("5").is_whole), ("", true));
    }
}
