//! What is used again for each request.

// ANCHOR: desk
use crate::{Buffer, Clock, Head};

/// The place where requests are worked on, one after the other: everything that would otherwise
/// have to be made anew for each of them.
#[derive(Debug, Default)]
pub struct Desk {
    /// What was received and not used up.
    pub input: Buffer,
    /// The head that was found in it.
    pub head: Head,
    /// What waits to be sent.
    pub output: Vec<u8>,
    /// The time, for the head of each answer.
    pub clock: Clock,
}
// ANCHOR_END: desk
