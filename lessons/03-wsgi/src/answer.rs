//! An answer in the making: it waits, if it must, between any two pieces of its body.

// ANCHOR: imports
use std::any::Any;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lesson02::{Ending, Page};

use crate::{AppError, Behind, Body, Draft, Protocol, Stamp, StartError, Transport, Wire};
// ANCHOR_END: imports

// ANCHOR: answer
/// What an application has answered, and how much of it has been made into bytes.
///
/// It borrows nothing, so it can lie in a connection that waits. Each call of
/// [`Answer::advance`] makes one more piece; between two of them whoever drives it sends what is
/// there.
pub struct Answer<W> {
    draft: Draft<W>,
    body: Body,
    /// Nothing more will be made.
    is_made: bool,
    /// Whether an application kept its word about the length, and all went well.
    is_whole: bool,
    surplus: usize,
    client_left: bool,
    /// Bytes that were made and never sent.
    unsent: u64,
    complaint: Option<String>,
}

/// How an exchange went.
#[derive(Debug)]
pub struct Outcome {
    /// The status code of the answer.
    pub code: u16,
    /// The bytes of its body that were sent.
    pub body_bytes: u64,
    /// How to end the connection, if it is to end.
    pub ending: Ending,
    /// Whether the client knows where the answer ended, so that another one could follow.
    pub is_whole: bool,
    /// What the server's log should say beside the access line.
    pub complaint: Option<String>,
}

/// An application that failed: what the log says, and what the client is told.
pub(crate) struct Failure {
    message: String,
    page: Page,
}

impl Failure {
    fn new(error: AppError) -> Failure {
        Failure {
            message: error.to_string(),
            page: error.into_page(),
        }
    }

    /// The same failure if the `blame`, should there be one, is the client's.
    pub(crate) fn or_blame(mut self, blame: Option<&Page>) -> Failure {
        if let Some(page) = blame {
            self.page = page.clone();
        }
        self
    }
}

impl<W: Wire> Answer<W> {
    /// An answer that goes over `wire`; `to_head` if the method was `HEAD`.
    pub fn new(wire: W, to_head: bool) -> Answer<W> {
        Answer {
            draft: Draft::new(wire, to_head),
            body: Body::Empty,
            is_made: false,
            is_whole: true,
            surplus: 0,
            client_left: false,
            unsent: 0,
            complaint: None,
        }
    }

    /// `start_response`: stores status and headers.
    pub fn begin(
        &mut self,
        status: &str,
        headers: &[(&str, &str)],
        out: &mut Vec<u8>,
    ) -> Result<(), StartError> {
        self.draft.begin(status, headers, out)
    }

    /// A piece of a body whose length nobody has said. It makes the head final.
    pub fn write(&mut self, data: &[u8], unread: Option<u64>, stamp: Stamp<'_>, out: &mut Vec<u8>) {
        self.draft.commit(None, unread, stamp, out);
        self.surplus += self.draft.push(data, out);
    }

    /// What the application has returned.
    pub fn take(&mut self, body: Body) {
        self.body = body;
    }
}
// ANCHOR_END: answer

// ANCHOR: advance
impl<W: Wire> Answer<W> {
    /// Makes one more piece of the body, or what ends it.
    ///
    /// A panic in the body is the failure of this answer and of nobody else.
    pub fn advance(&mut self, unread: Option<u64>, stamp: Stamp<'_>, out: &mut Vec<u8>) {
        let more = guarded(|| self.make_more(unread, stamp, out));
        if let Err(failure) = more {
            self.fail(failure, stamp, out);
        }
    }

    fn make_more(
        &mut self,
        unread: Option<u64>,
        stamp: Stamp<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), AppError> {
        if !self.draft.is_begun() {
            return Err(AppError::new("returned without calling start_response"));
        }
        if self.draft.is_upgrade() != matches!(self.body, Body::Upgrade(_)) {
            return Err(AppError::new("101 and a protocol belong together"));
        }
        let wants_body = self.draft.wants_body();
        let (piece, is_only, is_last) = match &mut self.body {
            Body::Empty => (None, true, true),
            Body::Bytes(bytes) => (Some(mem::take(bytes)), true, true),
            Body::Chunks(chunks) => match chunks.size_hint() == (1, Some(1)) {
                // Nobody would see what the chunks cost to make.
                false if !wants_body => {
                    self.draft.commit(None, unread, stamp, out);
                    (None, false, true)
                }
                is_only => match chunks.next().transpose()? {
                    Some(chunk) => (Some(chunk.into()), is_only, false),
                    None => (None, true, true),
                },
            },
            Body::Upgrade(_) if unread != Some(0) => {
                return Err(AppError::new(
                    "no other protocol before the request is over",
                ));
            }
            Body::Upgrade(protocol) => {
                self.draft.commit_upgrade(protocol.name(), stamp, out);
                self.is_made = true;
                return Ok(());
            }
        };
        let piece = piece.unwrap_or_default();
        if is_only {
            // A body of one piece needs no announcement by the application.
            self.draft
                .commit(Some(piece.len() as u64), unread, stamp, out);
        }
        if !piece.is_empty() {
            self.write(&piece, unread, stamp, out);
        } // An empty one is legal, and no reason to make the head final.
        if is_last {
            self.is_whole &= self.draft.finish(out);
            self.is_made = true;
        }
        Ok(())
    }

    /// The application has failed. Before the first byte has left, a page takes the place of the
    /// answer. After that, only a reset can tell the client not to trust what it has.
    pub(crate) fn fail(&mut self, failure: Failure, stamp: Stamp<'_>, out: &mut Vec<u8>) {
        let Failure { message, page } = failure;
        self.is_made = true;
        self.is_whole = false;
        // A page from 400 to 499 tells the client what it did wrong, and that is all.
        if page.code().starts_with('5') || self.draft.is_committed() {
            self.complaint = Some(format!("the application failed: {message}"));
        }
        self.close_body();
        if !self.draft.is_committed() {
            self.draft.replace(&page, stamp, out);
            if self.client_left {
                self.unsent = out.len() as u64;
                out.clear(); // Half of something else may have been sent before it.
            }
        }
    }

    /// Drops what is left of the body: PEP 3333's `close()`.
    fn close_body(&mut self) {
        let body = mem::take(&mut self.body);
        if let (Err(failure), None) = (
            guarded(|| {
                drop(body);
                Ok(())
            }),
            &self.complaint,
        ) {
            self.is_whole = false;
            self.complaint = Some(format!("the application failed: {}", failure.message));
        }
    }
}

/// Calls code of an application. A panic anywhere in it, or in what it panicked with, or in what
/// an error says of itself, ends here.
pub(crate) fn guarded<T>(call: impl FnOnce() -> Result<T, AppError>) -> Result<T, Failure> {
    // Whatever a panic left half-done in the application stays the application's. Our own state
    // is changed in small steps that do not call it.
    let attempt = || call().map_err(Failure::new);
    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|panic| {
        let message = format!("panicked: {}", panic_message(&*panic));
        // What it panicked with may panic again when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic))).map_err(mem::forget);
        Err(Failure::new(AppError::new(message)))
    })
}

/// The text of a panic, which is a string whenever `panic!` made it.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    literal
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
// ANCHOR_END: advance

// ANCHOR: send
impl<W: Wire> Answer<W> {
    /// Sends what has been made.
    pub fn send<T: Transport + ?Sized>(
        &mut self,
        transport: &mut T,
        out: &mut Vec<u8>,
        behind: Behind,
    ) -> io::Result<()> {
        if !self.draft.is_committed() || out.is_empty() {
            return Ok(());
        }
        let before = transport.sent();
        let sent = transport.send(out, behind);
        if sent.is_err() {
            self.abandon(out.len() as u64 - (transport.sent() - before));
        }
        out.clear();
        out.shrink_to(KEPT); // One large answer must not be remembered for ever.
        sent
    }
}

/// So much room is kept for the answers to come.
const KEPT: usize = 64 * 1024;
// ANCHOR_END: send

// ANCHOR: conclude
impl<W: Wire> Answer<W> {
    /// The client has left, or takes nothing any more: of what was made, `unsent` bytes have not
    /// been sent. The body is closed now, and not when somebody comes to look.
    pub fn abandon(&mut self, unsent: u64) {
        self.client_left = true;
        self.is_made = true;
        self.unsent = unsent;
        self.close_body();
    }

    /// Ends the exchange: everything has been sent. `ending` is what the request asks for.
    pub fn conclude(&mut self, ending: Ending) -> Outcome {
        self.close_body();
        let is_broken = !self.draft.is_ended();
        Outcome {
            code: self.draft.code(),
            body_bytes: self.draft.body_bytes().saturating_sub(self.unsent),
            ending: match self.client_left || (is_broken && self.complaint.is_some()) {
                // What the client has of the answer must not look like all of it.
                true => Ending::Reset,
                false => ending,
            },
            is_whole: self.is_whole && self.surplus == 0 && !self.client_left,
            complaint: match self.client_left {
                true => None, // That is no fault of an application.
                false => self.complaint.take().or_else(|| self.broken_promise()),
            },
        }
    }

    /// What an application got wrong although it did not fail.
    fn broken_promise(&self) -> Option<String> {
        let promised = "its Content-Length";
        match (self.draft.is_ended(), self.surplus) {
            (true, 0) => None,
            (false, _) => Some(format!("the application sent less than {promised}")),
            (true, surplus) => Some(format!(
                "the application sent {surplus} bytes more than {promised}; cut off"
            )),
        }
    }

    /// The protocol that follows, if this answer was a switch and all of it has been sent.
    pub fn take_protocol(&mut self) -> Option<Box<dyn Protocol>> {
        match mem::take(&mut self.body) {
            Body::Upgrade(protocol) if self.is_whole && !self.client_left => Some(protocol),
            body => {
                self.body = body;
                None
            }
        }
    }

    /// What comes behind the bytes that have been made, as far as this is for the answer to say.
    pub fn behind(&self) -> Behind {
        match self.body {
            _ if self.draft.must_not_end_here() => Behind::Rest,
            // To drop chunks may take its time, which is not the client's; a switch is a beginning.
            Body::Chunks(_) | Body::Upgrade(_) => Behind::Whatever,
            _ if self.is_made => Behind::End,
            _ => Behind::Whatever,
        }
    }

    /// Whether everything has been made.
    pub fn is_made(&self) -> bool {
        self.is_made
    }

    /// Whether the client has left, or takes nothing any more.
    pub fn is_abandoned(&self) -> bool {
        self.client_left
    }

    /// The answer as bytes, to be asked about.
    pub fn draft(&self) -> &Draft<W> {
        &self.draft
    }
}
// ANCHOR_END: conclude

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::UntilClose;

    const STAMP: Stamp<'_> = Stamp {
        date: "DATE",
        software: "test",
        policy: &UntilClose,
    };

    #[test]
    fn an_application_that_blames_the_client_has_broken_no_promise() {
        let mut out = Vec::new();
        let mut answer = Answer::new(UntilClose, false);
        let page = Page::text("408 Request Timeout", "too slow\n");
        let error = AppError::new("the body came too slowly").with_page(page);
        answer.fail(Failure::new(error), STAMP, &mut out);
        let outcome = answer.conclude(Ending::Drain);
        assert_eq!(outcome.code, 408);
        assert_eq!(outcome.complaint, None);
        assert!(!outcome.is_whole);
        assert_eq!(outcome.ending, Ending::Drain);
    }

    fn answer(body: Body) -> (Answer<UntilClose>, Vec<u8>) {
        let (mut answer, mut out) = (Answer::new(UntilClose, false), Vec::new());
        answer.begin("200 OK", &[], &mut out).unwrap();
        answer.take(body);
        (answer, out)
    }

    #[test]
    fn a_body_is_let_go_of_as_soon_as_nobody_wants_it() {
        let held = Arc::new(());
        let pieces = || {
            let held = Arc::clone(&held);
            Body::try_chunks(std::iter::from_fn(move || {
                let _ = &held;
                Some(Ok(b"piece".to_vec()))
            }))
        };
        let (mut left, _) = answer(pieces());
        left.abandon(0);
        let (mut failed, mut out) = answer(pieces());
        failed.fail(Failure::new(AppError::new("no more")), STAMP, &mut out);
        let (mut over, _) = answer(pieces());
        over.conclude(Ending::Clean);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn the_end_comes_at_once_when_no_code_of_the_application_is_left() {
        let (mut whole, mut out) = answer(Body::from("hello"));
        assert_eq!(whole.behind(), Behind::Whatever);
        whole.advance(Some(0), STAMP, &mut out);
        assert!(out.ends_with(b"hello"));
        assert_eq!(whole.behind(), Behind::End);
        let (mut pieces, mut out) = answer(Body::try_chunks(std::iter::empty()));
        pieces.advance(Some(0), STAMP, &mut out);
        assert!(pieces.is_made());
        assert_eq!(pieces.behind(), Behind::Whatever);
    }
}
