//! The record of a conversation: what happened, when, and how it reads.

use std::fmt::{self, Display};
use std::time::Duration;

use lesson02::Ending;
use lesson03::Behind;

use super::client::Action;

/// One thing that happened, and how far everything was behind it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    /// Bytes that the server has received, ever.
    pub(crate) came: usize,
    /// Bytes that it has sent, ever.
    pub(crate) sent: usize,
    /// Whole answers among them.
    pub(crate) complete: usize,
    pub(crate) event: Event,
}

/// What can happen. Numbers are those of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The client did something.
    Acts(Action),
    /// The server waits for bytes, until then at most.
    Waits(Duration),
    Came(usize),
    /// The client sends nothing more.
    Ended,
    TimedOut,
    /// The client is gone: reading fails.
    Failed,
    Sent(usize),
    /// It sends something, and says what comes behind that.
    Sends(Behind),
    /// There is no room for what it sends.
    Blocked,
    SendFailed,
    /// What was sent is no answer.
    Illegal(String),
    /// The application is called.
    Called(usize),
    /// It has made so many bytes of its body.
    Made(usize, usize),
    /// It fails.
    Fails(usize, Failing),
    /// It has returned; whether that is something that can be dropped.
    Returned(usize, bool),
    /// Its body says that there is nothing more.
    Exhausted(usize),
    Dropped(usize),
    /// It cannot read its request.
    ReadFails(usize),
    /// It was given other bytes than the client has sent.
    ReadWrong(usize),
    /// Another protocol has taken over, with so many bytes of input.
    TookOver(usize, Vec<u8>),
    Closed(Ending),
    /// Something that the simulator saw in the driver.
    Noticed(String),
}

/// How an application fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failing {
    Error,
    Page,
    Panic,
    /// It could not read its request, and says so.
    Input,
    /// It could not write.
    Output,
    /// It was not allowed to begin like that.
    Begin,
    /// It panicked as it was dropped.
    Drop,
}

impl Display for Entry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.at.as_secs_f64() * 1000.0;
        write!(
            out,
            "{milliseconds:>12.3} ms  in {:>6}  out {:>6}  answers {}  {:?}",
            self.came, self.sent, self.complete, self.event
        )
    }
}
