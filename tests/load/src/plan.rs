//! What to ask, when, and for how long to wait.

use std::net::SocketAddr;
use std::time::Duration;

use crate::{Question, Schedule};

/// A load for one server.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the server listens.
    pub address: SocketAddr,
    /// What it is asked.
    pub question: Question,
    /// When.
    pub schedule: Schedule,
    /// How long anybody waits, from the moment at which the request was due. So a load is over
    /// this long after its last request at the latest.
    pub patience: Duration,
    /// How many requests may be on their way at once. What is due beyond that is not sent, and
    /// then the load is not the one that was asked for.
    pub most_at_once: usize,
    /// How late 99 of 100 requests may be sent. A client that is later than that had no time, and
    /// its figures would be its own and not the server's.
    pub tolerance: Duration,
    /// Whether to keep what was answered, every byte of it.
    pub keeps_answers: bool,
}

/// How far a load is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The time since it began.
    pub now: Duration,
    /// How many requests were due so far.
    pub due: usize,
    /// How many have got an answer that counts.
    pub answered: usize,
    /// How many have failed.
    pub failed: usize,
}

impl Plan {
    /// A plan with patience for ten seconds, and for what is usual on a busy machine.
    pub fn new(address: SocketAddr, question: Question, schedule: Schedule) -> Plan {
        Plan {
            address,
            question,
            schedule,
            patience: Duration::from_secs(10),
            most_at_once: 4000,
            tolerance: Duration::from_millis(20),
            keeps_answers: false,
        }
    }
}
