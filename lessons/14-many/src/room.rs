//! What the members of a room are told about the others, whom a machine in between may have lost.

// ANCHOR: room
use lesson09::Channels;
use serde_json::json;

use crate::link::Change;

/// Tells all rooms of this process what has happened.
///
/// A client that hears `resync` knows that what it has is not all: a page with a history would load
/// it again.
pub fn tell_rooms(channels: &Channels, change: Change) {
    let (what, text) = match change {
        Change::Alone => (
            "alone",
            "is alone: who is on another machine hears this later, if at all",
        ),
        Change::Together => ("together", "is one with those on the other machines again"),
        Change::Missed => (
            "resync",
            "may have missed something that was said elsewhere",
        ),
    };
    let line = json!({"kind": "told", "what": what, "name": "This room", "text": text});
    let line = line.to_string();
    for channel in channels.names() {
        if channel.starts_with("chat:") {
            channels.deliver(&channel, line.as_str());
        }
    }
}
// ANCHOR_END: room
