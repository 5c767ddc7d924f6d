//! Faults that are made on purpose, to see whether the simulator finds them.

use std::time::Duration;

use lesson03::Behind;

use super::kernel::Shared;
use super::record::Event;
use super::seen::Says;

/// What a driver gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    /// When the client has left, it never drops what it was sending.
    BodyNotDropped,
    /// The client was told that it may stay, and the connection is closed.
    KeepAliveTooMany,
    /// A deadline is noticed one event late.
    DeadlineLate,
    /// Half of a body that only the end of the connection ends is sent like a whole one.
    HalfLooksWhole,
}

impl Planted {
    /// Whether it forgets a body, together with everything else, as its client has left.
    pub(crate) fn forgets_who_left(self, kernel: &Shared) -> bool {
        let kernel = kernel.lock();
        let events = |is: fn(&Event) -> bool| {
            let all = kernel.record.iter().filter(move |entry| is(&entry.event));
            all.count()
        };
        let bodies = events(|event| matches!(event, Event::Returned(_, true)));
        let dropped = events(|event| matches!(event, Event::Dropped(_)));
        self == Planted::BodyNotDropped && bodies > dropped
    }

    /// Lets the next thing happen before the time that is up is noticed.
    pub(crate) fn dawdle(self, kernel: &Shared) {
        if self == Planted::DeadlineLate {
            let mut kernel = kernel.lock();
            let late = kernel.now + Duration::from_millis(1);
            kernel.pass_to_next(late);
        }
    }

    /// What it takes the word about the bytes for that it sends.
    pub(crate) fn mistake(self, behind: Behind) -> Behind {
        match self == Planted::HalfLooksWhole && behind == Behind::Rest {
            true => Behind::Whatever,
            false => behind,
        }
    }

    /// Whether it hangs up on a client that was told it may stay.
    pub(crate) fn closes_early(self, kernel: &Shared, is_waiting: bool) -> bool {
        let kernel = kernel.lock();
        let stays = kernel
            .reader
            .answers
            .last()
            .is_some_and(|seen| seen.says == Says::Stay);
        self == Planted::KeepAliveTooMany && is_waiting && stays && !kernel.reader.is_halfway()
    }
}
