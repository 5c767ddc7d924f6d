//! What became of one request.

use std::fmt;
use std::time::Duration;

use rustix::io::Errno;

use crate::reader::Fault;

/// The life of one request. All moments are counted from the beginning of the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it was due.
    pub due: Duration,
    /// When the client began to send it; `None`: it never did.
    pub sent: Option<Duration>,
    /// When its answer was whole, or the client gave it up.
    pub over: Duration,
    /// The status of its answer, which is a success, or what went wrong.
    pub result: Result<u16, Failure>,
    /// What came back, if the plan keeps answers.
    pub answer: Vec<u8>,
}

impl Record {
    /// How long somebody waited who wanted to ask when it was due.
    pub fn latency(&self) -> Duration {
        self.over.saturating_sub(self.due)
    }

    /// How much too late the client has sent it; nothing if it never did.
    pub fn lateness(&self) -> Option<Duration> {
        Some(self.sent?.saturating_sub(self.due))
    }
}

/// Why a request got no answer that counts. The order is that of a request's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// It was never sent: as many as may be on their way at once were on their way.
    NotSent,
    /// The load was stopped before.
    Stopped,
    /// Nobody listens there.
    Refused,
    /// The connection was reset.
    Reset,
    /// The connection ended before there was any answer.
    Closed,
    /// The same on a connection that was used before. A server may close one at any time when
    /// nothing is on its way, and a request may cross with that. RFC 9112 §9.3.1 lets a client
    /// repeat a GET, and no POST.
    ClosedWhenReused,
    /// What came is no answer, or half of one.
    Broken(Fault),
    /// The answer is not a success.
    Status(u16),
    /// There was no answer before our patience was over.
    Late,
    /// A system call failed for another reason.
    Call(&'static str, i32),
}

impl Failure {
    pub(crate) fn of_call(call: &'static str, error: Errno) -> Failure {
        match error {
            Errno::CONNREFUSED => Failure::Refused,
            Errno::CONNRESET | Errno::PIPE => Failure::Reset,
            error => Failure::Call(call, error.raw_os_error()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotSent => write!(out, "never sent, too many were waiting"),
            Failure::Stopped => write!(out, "stopped"),
            Failure::Refused => write!(out, "refused"),
            Failure::Reset => write!(out, "reset"),
            Failure::Closed => write!(out, "closed without an answer"),
            Failure::ClosedWhenReused => write!(out, "closed when it was used again"),
            Failure::Broken(fault) => write!(out, "{fault}"),
            Failure::Status(status) => write!(out, "{status}"),
            Failure::Late => write!(out, "no answer in time"),
            Failure::Call(call, number) => {
                write!(
                    out,
                    "{call}: {}",
                    std::io::Error::from_raw_os_error(*number)
                )
            }
        }
    }
}

impl std::error::Error for Failure {}
