//! What depends on what becomes of the connection after an answer.

// ANCHOR: wire
/// How the end of a head and the pieces of a body are written.
///
/// Here the connection is closed behind each answer, so a body without a length can end where the
/// connection ends ([`UntilClose`]). A server that keeps connections has its own way.
pub trait Wire {
    /// Appends the lines that end a head. `unread` is how much of the request is still to come,
    /// where that is known. Tells whether only the end of the connection will end the body.
    fn end_head(
        &mut self,
        body: BodyEnd,
        unread: Option<u64>,
        stamp: Stamp<'_>,
        out: &mut Vec<u8>,
    ) -> bool;

    /// Appends a piece of the body, which is not empty.
    fn piece(&mut self, data: &[u8], out: &mut Vec<u8>);

    /// Appends what ends the body.
    fn end_body(&mut self, out: &mut Vec<u8>);

    /// Whether the client has asked for another protocol and can have it.
    fn may_upgrade(&self) -> bool {
        false
    }
}

/// What a client can know of the end of a body when it has the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// There is no body, whatever the head says: the status or the method forbids it.
    NoBody,
    /// `Content-Length` says it.
    Announced,
    /// Nothing says it.
    Open,
}

/// What the server adds to every head.
#[derive(Clone, Copy)]
pub struct Stamp<'s> {
    /// The current time.
    pub date: &'s str,
    /// The name of the server's software.
    pub software: &'s str,
    /// What becomes of the connection.
    pub policy: &'s dyn Policy,
}

/// What a server wants for its connections. It is asked when a head leaves and not before: an
/// answer that took long shall know what has come meanwhile.
pub trait Policy {
    /// The lines with which it says that it would like the client to stay, if it would.
    fn staying_lines(&self) -> Option<&str> {
        None
    }

    /// The protocols that it can switch to; empty if there is none.
    fn upgrades(&self) -> &str {
        ""
    }
}

/// The connection ends with the answer, and so does its body.
#[derive(Clone, Copy, Debug)]
pub struct UntilClose;

impl Policy for UntilClose {}

impl Wire for UntilClose {
    fn end_head(
        &mut self,
        body: BodyEnd,
        _unread: Option<u64>,
        _stamp: Stamp<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        out.extend_from_slice(b"Connection: close\r\n\r\n");
        body == BodyEnd::Open
    }

    fn piece(&mut self, data: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(data);
    }

    fn end_body(&mut self, _out: &mut Vec<u8>) {}
}
// ANCHOR_END: wire
