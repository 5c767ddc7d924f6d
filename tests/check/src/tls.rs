//! Probes for servers that speak TLS. They need the feature `tls`, which brings a client along.
//!
//! They are not in the matrix: they ask a server that was told to speak TLS, and nothing else.

mod client;
mod probes;
pub mod promises;

use crate::outcome::{Finding, Verdict};
use crate::world::World;

use client::TlsClient;
pub use client::{VERSIONS, config};
pub use probes::GROUP;

/// Whoever comes next must be answered: the proof that a server that speaks TLS is still alive.
pub fn still_answers(world: &World) -> Verdict {
    let mut client = TlsClient::connect(&world.unrecorded())?;
    client.send(world.hello())?;
    match client.answer()?.status {
        100..=599 => Ok(()),
        status => Err(Finding::wrong(format!("got {status}"))),
    }
}
