//! One connection, any number of requests: the nested loop.

// ANCHOR: imports
use std::cell::Cell;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lesson02::{Connection, Ending, Framing, Head, Request};
use lesson03::{
    AppError, Application, Body, Desk, Environ, Exchange, Inlet, Input, Intake, Outcome, Response,
    Stamp, StartResponse, application,
};

use crate::incoming::{ChunkedBody, Incoming, Watched};
use crate::persistence::{Next, Persistent, client_stays};
use crate::server::House;
// ANCHOR_END: imports

// ANCHOR: seat
/// Where a worker sits, and what the others may know about it.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    /// The connection in its hands.
    stream: Mutex<Option<Arc<TcpStream>>>,
    /// Whether it waits for another request on it.
    idle: AtomicBool,
    /// How many requests it has answered.
    pub(crate) requests: AtomicU64,
}

impl Seat {
    /// Ends the wait for another request: the worker reads the end of the connection, or a
    /// request that has just come, and serves that.
    pub(crate) fn end_idling(&self) {
        if self.idle.load(Ordering::SeqCst) {
            self.end_reading();
        }
    }

    /// Lets whoever reads from the connection read its end.
    pub(crate) fn end_reading(&self) {
        if let Some(stream) = &*self.lock() {
            // A connection that has gone already needs no end.
            let _ = stream.shutdown(std::net::Shutdown::Read);
        }
    }

    fn take(&self, stream: Arc<TcpStream>) {
        *self.lock() = Some(stream);
    }

    /// Lets go of the connection, so that it can end.
    pub(crate) fn leave(&self) {
        self.idle.store(false, Ordering::SeqCst);
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<TcpStream>>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: seat

// ANCHOR: converse
/// What follows an answer.
enum After {
    AnotherRequest,
    End(Ending),
}

impl House {
    /// Serves a connection until one side has had enough.
    pub(crate) fn converse(
        &self,
        client: TcpStream,
        peer: SocketAddr,
        desk: &mut Desk,
        seat: &Seat,
    ) {
        let limits = &self.gateway.settings.limits;
        let trace = self.gateway.settings.trace;
        let mut connection = Connection::new(client, &mut desk.input, limits, trace);
        seat.take(connection.stream());
        let mut answered = 0;
        let ending = loop {
            if !self.a_request_comes(&mut connection, answered, desk, seat) {
                break Ending::Clean;
            }
            match self.serve_request(&mut connection, peer, answered, desk, seat) {
                After::End(ending) => break ending,
                After::AnotherRequest => answered += 1,
            }
        };
        seat.leave();
        connection.close(ending, limits);
    }

    /// Waits for the first byte of a request. The first head has its time from the beginning of
    /// the connection; each further one gets its own when it begins.
    fn a_request_comes(
        &self,
        connection: &mut Connection,
        answered: usize,
        desk: &mut Desk,
        seat: &Seat,
    ) -> bool {
        let limits = &self.gateway.settings.limits;
        // A request that came together with the last one must not wait for the socket: nothing
        // more may ever come there.
        if desk.input.received().is_empty() {
            seat.idle.store(true, Ordering::SeqCst);
            let patience = match answered {
                0 => limits.head_timeout,
                _ => self.settings.timeout,
            };
            // Asked after the store: either a stop sees that we are idle, or we see the stop.
            let patience = match self.is_closing() {
                true => patience.min(self.last_moment()),
                false => patience,
            };
            let deadline = Instant::now() + patience;
            let came = connection.receive(&mut desk.input, deadline);
            seat.idle.store(false, Ordering::SeqCst);
            if !matches!(came, Ok(1..)) {
                return false;
            }
        }
        if answered > 0 {
            connection.begin_head(limits);
        }
        true
    }
}
// ANCHOR_END: converse

// ANCHOR: serve_request
impl House {
    /// Serves one request, if one comes.
    fn serve_request(
        &self,
        connection: &mut Connection,
        peer: SocketAddr,
        answered: usize,
        desk: &mut Desk,
        seat: &Seat,
    ) -> After {
        let limits = &self.gateway.settings.limits;
        let (outcome, after) = match connection.receive_head(&mut desk.input, limits) {
            Ok(None) => return After::End(Ending::Clean),
            Ok(Some(head)) => self.answer(connection, &head, peer, answered, desk),
            Err(fault) => {
                let outcome = self.gateway.refuse(connection, fault, desk);
                self.gateway.log(&outcome, peer, desk);
                let ending = outcome.ending;
                (outcome, After::End(ending))
            }
        };
        seat.requests.fetch_add(1, Ordering::Relaxed);
        self.stats.requests.add(1);
        self.stats.kept_alive.add(u64::from(answered > 0));
        self.stats.bytes_in.add(connection.take_received());
        self.stats.bytes_out.add(outcome.body_bytes);
        after
    }

    fn answer(
        &self,
        connection: &mut Connection,
        head: &Head,
        peer: SocketAddr,
        answered: usize,
        desk: &mut Desk,
    ) -> (Outcome, After) {
        let received = desk.input.received();
        let request = head.request(received);
        let left = Cell::new(0);
        let body = self.incoming(head, &received[head.end()..]);
        let mut body = Watched::new(body, &left);
        let stays = client_stays(&request);
        let plan = || match stays {
            true => self.plan(answered, left.get()),
            false => Next::Close,
        };
        let mut wire = Persistent::new(&request, &plan, &self.stays);
        let to_head = request.method() == "HEAD";
        let response = Response::new(&mut desk.output, &mut wire, to_head);
        let stamp = Stamp {
            date: desk.clock.date(),
            software: self.gateway.deployment.software,
        };
        let exchange = Exchange::new(connection, &mut body, response, stamp);
        let input = Input::new(&exchange);
        let mut environ = Environ::new(request, peer, &self.gateway.deployment, input);
        let outcome = exchange.run(&*self.app_for(&request), &mut environ);

        let mut body = body.into_body();
        let stays = outcome.is_whole && wire.next() == Next::KeepAlive;
        let after = match stays && body.skip(connection, MAX_SKIPPED) {
            true => After::AnotherRequest,
            false => After::End(ending(&outcome, &body)),
        };
        let surplus = body.surplus().into_owned();
        self.gateway.log(&outcome, peer, desk);
        desk.input.replace(&surplus);
        (outcome, after)
    }

    fn incoming<'b>(&self, head: &Head, leftover: &'b [u8]) -> Incoming<'b> {
        let inlet = Inlet::new(leftover, head.expects_continue(), self.gateway.pace);
        match head.framing() {
            Framing::Empty => Incoming::Announced(Intake::new(inlet, 0)),
            Framing::Length(length) => Incoming::Announced(Intake::new(inlet, length)),
            Framing::Chunked => {
                let limit = self.gateway.settings.limits.body_bytes;
                Incoming::Chunked(ChunkedBody::new(inlet, limit))
            }
        }
    }

    /// What the server would like to happen after this answer, whose head is about to leave while
    /// `left` bytes of the request's body are unread.
    fn plan(&self, answered: usize, left: u64) -> Next {
        let enough = answered + 1 >= self.settings.requests_per_connection || left > MAX_SKIPPED;
        match !enough && !self.pool.is_crowded() && !self.is_closing() {
            true => Next::KeepAlive,
            false => Next::Close,
        }
    }
}

/// What an application leaves unread is read for it up to here. Beyond that it is cheaper to
/// close the connection and let the client open another one.
const MAX_SKIPPED: u64 = 64 * 1024;

/// How to end a connection after an answer: whatever the client may still be sending, or has
/// sent beyond its request, must not turn the close into a reset.
fn ending(outcome: &Outcome, body: &Incoming) -> Ending {
    match outcome.ending {
        Ending::Clean if !body.surplus().is_empty() => Ending::Drain,
        ending => ending,
    }
}
// ANCHOR_END: serve_request

// ANCHOR: stats_page
impl House {
    /// The application, or the page of numbers if it is asked for and served.
    fn app_for(&self, request: &Request) -> Arc<dyn Application> {
        match request.path() {
            "/__stats" if self.settings.stats => {
                let text = self.stats_json();
                Arc::new(application(
                    move |_: &mut Environ, start_response: StartResponse| {
                        start_response.begin("200 OK", &[("Content-Type", "application/json")])?;
                        Ok::<Body, AppError>(text.clone().into())
                    },
                ))
            }
            _ => self.get_app(),
        }
    }
}
// ANCHOR_END: stats_page
