//! What Python's servers leave to subclasses.

// ANCHOR: imports
use std::net::SocketAddr;
use std::time::Duration;
// ANCHOR_END: imports

// ANCHOR: hooks
/// Functions that a server calls at certain moments, if it was given any.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) timeout: Option<(Duration, Box<dyn Fn() + Send + Sync>)>,
    pub(crate) verify_request: Option<Box<dyn Fn(SocketAddr) -> bool + Send + Sync>>,
}

impl Hooks {
    /// How long to wait for a client; `None` means for ever.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout.as_ref().map(|(time, _)| *time)
    }

    /// Nobody came in that time.
    pub(crate) fn timed_out(&self) {
        if let Some((_, handle)) = &self.timeout {
            handle();
        }
    }

    /// Whether a client may come in.
    pub(crate) fn let_in(&self, peer: SocketAddr) -> bool {
        self.verify_request
            .as_ref()
            .is_none_or(|verify| verify(peer))
    }
}
// ANCHOR_END: hooks
