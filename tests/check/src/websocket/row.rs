//! A row of the probes for WebSocket.

use crate::outcome::Verdict;
use crate::probe::Probe;
use crate::world::World;

/// A probe for WebSocket: what is asked, where it stands in RFC 6455, and how.
pub(super) const fn probe(
    name: &'static str,
    title: &'static str,
    section: &'static str,
    asks: &'static str,
    run: fn(&World) -> Verdict,
) -> Probe {
    Probe::behaviour(name, title, run)
        .asks(section, asks)
        .explained_in(9)
        .question(
            "What comes back over the socket, or does the server close it, and with which number?",
        )
}
