//! What may follow an answer in place of another request: a protocol of its own.

// ANCHOR: protocol
use std::task::Waker;
use std::time::Instant;

/// Another protocol on a connection that began with HTTP (RFC 9110 §7.8): WebSocket, in lesson 9.
///
/// Like everything here it never touches a socket. Bytes that came are given to it, bytes that
/// shall leave are appended to `out`, and whoever drives it does the waiting.
pub trait Protocol: Send {
    /// The name that the `Upgrade` field gives it.
    fn name(&self) -> &'static str;

    /// The client has been told, and the connection is ours. Whoever calls `wake` from another
    /// thread is answered by a call of [`Protocol::poll`].
    fn open(&mut self, wake: Waker, out: &mut Vec<u8>);

    /// Takes bytes from the client, and says how many of them are used up. It may use them as
    /// scratch paper.
    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> usize;

    /// Does what is due at this moment, and says when something will be due again, if ever.
    fn poll(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<Instant>;

    /// Whether the connection is to be closed once everything has been sent.
    fn is_over(&self) -> bool;

    /// The connection has gone.
    fn lost(&mut self);
}
// ANCHOR_END: protocol
