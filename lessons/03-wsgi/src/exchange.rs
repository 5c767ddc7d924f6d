//! One request's way through an application and back, over any transport.

// ANCHOR: imports
use std::any::Any;
use std::cell::RefCell;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lesson02::{Ending, Page};

use crate::response::{Account, Response, Stamp};
use crate::{
    AppError, Application, Body, Environ, RequestBody, Sink, Source, StartError, StartResponse,
    Transport, Writer,
};
// ANCHOR_END: imports

// ANCHOR: exchange
/// A request being answered: what `wsgi.input`, `write` and the body's chunks share.
///
/// They take turns, all on one thread, so a `RefCell` is all the locking there is.
pub struct Exchange<'e> {
    state: RefCell<State<'e>>,
    stamp: Stamp<'e>,
}

struct State<'e> {
    transport: &'e mut dyn Transport,
    body: &'e mut dyn RequestBody,
    response: Response<'e>,
    surplus: usize,
    account: Account,
    client_left: bool,
    resets_on_close: bool,
}

/// How an exchange went.
#[derive(Debug)]
pub struct Outcome {
    /// The status code of the answer.
    pub code: u16,
    /// The bytes of its body.
    pub body_bytes: u64,
    /// How to end the connection, if it is to end.
    pub ending: Ending,
    /// Whether the client knows where the answer ended, so that another one could follow.
    pub is_whole: bool,
    /// What the server's log should say beside the access line.
    pub complaint: Option<String>,
}

impl<'e> Exchange<'e> {
    /// An exchange over `transport`, with the request's `body` on its way in.
    pub fn new(
        transport: &'e mut dyn Transport,
        body: &'e mut dyn RequestBody,
        response: Response<'e>,
        stamp: Stamp<'e>,
    ) -> Exchange<'e> {
        let state = State {
            transport,
            body,
            response,
            surplus: 0,
            account: Account::Balanced,
            client_left: false,
            resets_on_close: false,
        };
        Exchange {
            state: RefCell::new(state),
            stamp,
        }
    }
}

impl Source for Exchange<'_> {
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let state = &mut *self.state.borrow_mut();
        let may_go = !state.response.is_committed();
        state.body.read(state.transport, may_go, into)
    }
}

impl Sink for Exchange<'_> {
    fn write(&self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(()); // Legal, and no reason to make the head final.
        }
        let state = &mut *self.state.borrow_mut();
        state.response.commit(self.stamp, None);
        state.push(data)
    }
}

impl State<'_> {
    fn push(&mut self, data: &[u8]) -> io::Result<()> {
        self.surplus += self.response.push(data);
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.response.must_not_end_here() {
            self.reset_on_close(true);
        }
        let pending = self.response.pending();
        if pending.is_empty() {
            return Ok(());
        }
        let sent = self.transport.send(pending);
        pending.clear();
        pending.shrink_to(KEPT); // One large answer must not be remembered for ever.
        self.client_left |= sent.is_err();
        sent
    }

    /// If this process is killed, the kernel closes the connection. Where that is also what ends
    /// a body, half an answer would look whole; so it is a reset until the last piece is sent.
    fn reset_on_close(&mut self, on: bool) {
        if self.resets_on_close != on {
            self.transport.reset_on_close(on);
            self.resets_on_close = on;
        }
    }
}

/// So much room is kept for the answers to come.
const KEPT: usize = 64 * 1024;
// ANCHOR_END: exchange

// ANCHOR: run
impl Exchange<'_> {
    /// Runs the application and sends its answer.
    ///
    /// A panic anywhere in the application, in its body or in its `Drop`, ends here: it is this
    /// request's failure and nobody else's.
    pub fn run(&self, app: &dyn Application, environ: &mut Environ<'_>) -> Outcome {
        let attempt = || {
            let mut begin = |status: &str, headers: &[(&str, &str)]| {
                self.begin(status, headers).map(|()| Writer::new(self))
            };
            let answered = app.respond(environ, StartResponse::new(&mut begin));
            let sent = answered.and_then(|body| self.send_body(body));
            // What an error says of itself is the application's code as well, and may panic.
            sent.map_err(|error| (error.to_string(), error.into_page()))
        };
        // Whatever a panic left half-done in the application stays the application's. Our own
        // state is changed in small steps that do not call it.
        let result = match catch_unwind(AssertUnwindSafe(attempt)) {
            Ok(result) => result,
            Err(panic) => {
                let message = format!("panicked: {}", panic_message(&*panic));
                // What it panicked with may panic again when it is dropped.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(panic))).map_err(mem::forget);
                Err((message.clone(), AppError::new(message).into_page()))
            }
        };
        self.conclude(result)
    }

    fn begin(&self, status: &str, headers: &[(&str, &str)]) -> Result<(), StartError> {
        self.state.borrow_mut().response.begin(status, headers)
    }

    /// Sends a body: each piece before the next one is asked for (PEP 3333, "Buffering and
    /// Streaming").
    fn send_body(&self, body: Body) -> Result<(), AppError> {
        if !self.state.borrow().response.is_begun() {
            return Err(AppError::new("returned without calling start_response"));
        }
        match body {
            Body::Empty => {}
            Body::Bytes(bytes) => self.send_only_piece(&bytes)?,
            Body::Chunks(mut chunks) => {
                let only_one = chunks.size_hint() == (1, Some(1));
                if !only_one && !self.state.borrow().response.wants_body() {
                    // Nobody would see what the chunks cost to make.
                    return Ok(self.finish(None)?);
                }
                while let Some(chunk) = chunks.next().transpose()? {
                    match only_one {
                        true => self.send_only_piece(&chunk)?,
                        false => self.write(&chunk)?,
                    }
                }
                // All is sent before the chunks are dropped, which may take its time.
                return Ok(self.finish(Some(0))?);
            }
        }
        Ok(self.finish(Some(0))?)
    }

    /// A body of one piece needs no announcement by the application: its length is known.
    fn send_only_piece(&self, bytes: &[u8]) -> io::Result<()> {
        let state = &mut *self.state.borrow_mut();
        state.response.commit(self.stamp, Some(bytes.len() as u64));
        state.push(bytes)
    }

    /// Sends what is missing: the head, if no piece of the body has sent it, and the end.
    fn finish(&self, length: Option<u64>) -> io::Result<()> {
        let state = &mut *self.state.borrow_mut();
        state.response.commit(self.stamp, length);
        state.account = state.response.finish();
        state.flush()?;
        state.reset_on_close(state.response.must_not_end_here());
        Ok(())
    }
}

/// The text of a panic, which is a string whenever `panic!` made it.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
// ANCHOR_END: run

// ANCHOR: conclude
impl Exchange<'_> {
    fn conclude(&self, result: Result<(), (String, Page)>) -> Outcome {
        let state = &mut *self.state.borrow_mut();
        let is_whole = result.is_ok()
            && (state.account, state.surplus) == (Account::Balanced, 0)
            && !state.client_left;
        let (ending, complaint) = match result {
            // Gone, or deaf: what it has of the answer must not look like all of it.
            _ if state.client_left => (Ending::Reset, None),
            Ok(()) => (state.ending(), state.complaint()),
            Err((message, page)) => {
                let page = state.body.blame().cloned().unwrap_or(page);
                // A page from 400 to 499 tells the client what it did wrong, and that is all.
                let ours = page.code().starts_with('5') || state.response.is_committed();
                let complaint = ours.then(|| format!("the application failed: {message}"));
                (state.replace_or_reset(&page, self.stamp), complaint)
            }
        };
        let (code, body_bytes) = (state.response.code(), state.response.body_bytes());
        Outcome {
            code,
            body_bytes,
            ending,
            is_whole,
            complaint,
        }
    }
}

impl State<'_> {
    /// Before the first byte has left, the page takes the place of the answer. After that, only
    /// a reset can tell the client not to trust what it has.
    fn replace_or_reset(&mut self, page: &Page, stamp: Stamp<'_>) -> Ending {
        if self.response.is_ended() {
            return self.ending(); // It failed when it was closed: too late to matter.
        }
        if self.response.is_committed() {
            return Ending::Reset;
        }
        self.response.replace(page, stamp);
        // If the client has left, there is nobody to tell.
        let _ = self.flush();
        self.ending()
    }

    fn ending(&self) -> Ending {
        if self.body.is_unread() {
            Ending::Drain
        } else {
            Ending::Clean
        }
    }

    /// What an application got wrong although it did not fail.
    fn complaint(&self) -> Option<String> {
        match (self.account, self.surplus) {
            (Account::Short, _) => {
                Some("the application sent less than its Content-Length".to_owned())
            }
            (Account::Balanced, 0) => None,
            (Account::Balanced, surplus) => Some(format!(
                "the application sent {surplus} bytes more than its Content-Length; cut off"
            )),
        }
    }
}
// ANCHOR_END: conclude
