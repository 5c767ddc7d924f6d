//! What to say to a client that cannot be served now.

// ANCHOR: imports
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use lesson02::{Desk, Page};
use lesson03::Gateway;
// ANCHOR_END: imports

// ANCHOR: turn_away
/// Answers 503 without waiting for anything, and closes.
///
/// This runs where clients are accepted, so it may not wait for this one: whatever part of the
/// request has come is read and dropped (unread, it would turn the close into a reset), and what
/// the client's socket does not take at once is lost.
pub fn turn_away(mut client: TcpStream, gateway: &Gateway, desk: &mut Desk) {
    let page = Page::text(
        "503 Service Unavailable",
        "503 Service Unavailable: try again\n",
    )
    // Being busy passes; a client may be told when to come again (RFC 9110 §10.2.3).
    .with_field("Retry-After", "1");
    desk.output.clear();
    page.write(
        gateway.deployment.software,
        desk.clock.date(),
        true,
        &mut desk.output,
    );
    if client.set_nonblocking(true).is_err() {
        return;
    }
    let mut unread = [0; 16 * 1024];
    // The client gets this answer or it does not; there is nobody else to tell.
    let _ = client.read(&mut unread);
    let _ = client.write(&desk.output);
    let _ = client.shutdown(Shutdown::Write);
}
// ANCHOR_END: turn_away
