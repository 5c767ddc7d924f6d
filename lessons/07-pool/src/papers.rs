//! Everything about the request at hand, and where it is kept meanwhile.

// ANCHOR: papers
use lesson02::{Desk, Scanner};
use lesson03::{Behind, Exchange};

use crate::framed::Framed;
use crate::persistence::Persistent;

/// The desk of lesson 2, and what lies on it while a request is served.
///
/// A worker has one set of papers for its whole life. So has an event loop, for all of its
/// connections: one that is quiet has no use for any, and one that must wait in the middle of
/// something takes its set along, and leaves a spare one on the desk.
#[derive(Default)]
pub struct Papers {
    /// Bytes in, the head in them, bytes out, and the time.
    pub desk: Desk,
    /// How much of the head has been looked at.
    pub(crate) scanner: Scanner,
    /// The request and its answer, from the head on.
    pub(crate) exchange: Option<Exchange<Persistent, Framed>>,
    /// How much of the output has been sent.
    sent: usize,
    /// How many requests have been answered with these papers.
    pub answered: u64,
}

impl Papers {
    /// A set of papers for heads of at most so many bytes.
    pub fn new(head_bytes: usize) -> Papers {
        let mut papers = Papers::default();
        papers.desk.input.reset(head_bytes);
        papers
    }

    /// What waits to be sent.
    pub fn unsent(&self) -> &[u8] {
        let draft = self
            .exchange
            .as_ref()
            .map(|exchange| exchange.answer.draft());
        match draft.is_some_and(|draft| draft.is_begun() && !draft.is_committed()) {
            true => &[], // A head that can still be replaced.
            false => &self.desk.output[self.sent..],
        }
    }

    /// What comes behind that.
    pub(crate) fn behind(&self) -> Behind {
        let exchange = self.exchange.as_ref();
        exchange.map_or(Behind::Whatever, |exchange| exchange.behind(&self.desk))
    }

    /// So many bytes of it have been sent.
    pub fn sent(&mut self, count: usize) {
        self.sent += count;
        if self.sent >= self.desk.output.len() {
            self.desk.output.clear();
            self.desk.output.shrink_to(KEPT_OUTPUT);
            self.sent = 0;
        }
    }

    /// How much of a body has been gathered on them.
    pub fn gathered(&self) -> usize {
        let exchange = self.exchange.as_ref();
        exchange.map_or(0, |exchange| exchange.intake.gathered())
    }

    /// Whether nothing is left that anybody would miss.
    pub(crate) fn are_blank(&self) -> bool {
        self.exchange.is_none()
            && self.desk.input.received().is_empty()
            && self.desk.output.is_empty()
    }

    /// Takes what was received and not used up, for somebody who goes on with it, and leaves them
    /// as good as new.
    pub fn take_received(&mut self) -> Vec<u8> {
        let received = self.desk.input.received().to_vec();
        self.wipe();
        received
    }

    /// Makes them as good as new, whatever was on them.
    pub fn wipe(&mut self) {
        let received = self.desk.input.received().len();
        self.desk.input.use_up(received);
        self.sent(self.desk.output.len());
        self.exchange = None;
        self.scanner = Scanner::default();
    }
}

/// One large answer must not be remembered for ever.
const KEPT_OUTPUT: usize = 64 * 1024;

/// Spare sets of papers, for conversations that are about to take one along.
pub struct Drawer {
    #[allow(clippy::vec_box)] // They are handed over as boxes, and never moved out of them.
    spare: Vec<Box<Papers>>,
    head_bytes: usize,
}

/// So many are kept: a crowd that has gone must not be remembered either.
const KEPT_SPARE: usize = 64;

impl Drawer {
    /// An empty drawer, for papers with room for a head of so many bytes.
    pub fn new(head_bytes: usize) -> Drawer {
        let spare = Vec::new();
        Drawer { spare, head_bytes }
    }

    /// Takes a set out, or makes one.
    pub fn take(&mut self) -> Box<Papers> {
        let made = || Box::new(Papers::new(self.head_bytes));
        self.spare.pop().unwrap_or_else(made)
    }

    /// Puts a blank set back.
    pub fn put(&mut self, papers: Box<Papers>) {
        if self.spare.len() < KEPT_SPARE {
            self.spare.push(papers);
        }
    }
}
// ANCHOR_END: papers
