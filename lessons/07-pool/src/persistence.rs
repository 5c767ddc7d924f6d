//! After this answer, another one? Who decides, and how the client learns of it.

// ANCHOR: imports
use std::time::Duration;

use lesson02::{Head, Version};
use lesson03::{BodyEnd, Stamp, Wire};

use crate::chunked::{LAST_CHUNK, encode_chunk};
// ANCHOR_END: imports

// ANCHOR: next
/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another request may come.
    KeepAlive,
    /// Nothing more is read.
    Close,
}

/// Decides about the connection, at the moment when the head of an answer leaves.
///
/// | the client | the server | unread of the request | the answer's body | |
/// |---|---|---|---|---|
/// | will not send another one | | | | close |
/// | | would rather not | | | close |
/// | | | more than is worth reading, or nobody knows | | close |
/// | speaks HTTP/1.0 | | | has no length | close: its end is the connection's |
/// | else | else | else | else | keep alive |
pub fn next(
    client_stays: bool,
    server_stays: bool,
    unread: Option<u64>,
    body: BodyEnd,
    version: Version,
) -> Next {
    let ends_with_connection = body == BodyEnd::Open && version == Version::Http10;
    let is_worth_reading = unread.is_some_and(|unread| unread <= MAX_SKIPPED);
    match client_stays && server_stays && is_worth_reading && !ends_with_connection {
        true => Next::KeepAlive,
        false => Next::Close,
    }
}

/// What an application leaves unread is read for it up to here. Beyond that it is cheaper to
/// close the connection and let the client open another one.
pub const MAX_SKIPPED: u64 = 64 * 1024;

/// The lines that say that the connection stays, and how long it may be quiet. There is no way
/// to say less than a second; and a server that waits for nobody must not say that it does.
pub fn staying_lines(idle: Duration) -> Option<String> {
    match idle.as_secs() {
        _ if idle.is_zero() => None,
        0 => Some("Connection: keep-alive\r\n\r\n".to_owned()),
        seconds => Some(format!(
            "Connection: keep-alive\r\nKeep-Alive: timeout={seconds}\r\n\r\n"
        )),
    }
}
// ANCHOR_END: next

// ANCHOR: persistent
/// The wire of a connection that may go on after this answer.
#[derive(Debug)]
pub struct Persistent {
    client_stays: bool,
    may_upgrade: bool,
    version: Version,
    chunked: bool,
    /// What the client has been told.
    next: Next,
}

impl Persistent {
    /// The wire for an answer to the request with this head. It `may_stay` if this is not the
    /// last request that a connection may have, and `may_upgrade` if somebody is there to take
    /// over.
    pub fn new(head: &Head, may_stay: bool, may_upgrade: bool) -> Persistent {
        let asks = head.wishes().upgrade && head.version() == Version::Http11;
        Persistent {
            client_stays: may_stay && !head.is_the_last(),
            may_upgrade: may_upgrade && asks,
            version: head.version(),
            chunked: false,
            next: Next::Close,
        }
    }

    /// What the client has been told.
    pub fn next(&self) -> Next {
        self.next
    }
}

impl Wire for Persistent {
    fn end_head(
        &mut self,
        body: BodyEnd,
        unread: Option<u64>,
        stamp: Stamp<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        let stays = stamp.policy.staying_lines();
        self.next = next(
            self.client_stays,
            stays.is_some(),
            unread,
            body,
            self.version,
        );
        // A client from before 1.1 does not know chunks.
        self.chunked = body == BodyEnd::Open && self.version == Version::Http11;
        if self.chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        match (self.next, stays) {
            (Next::KeepAlive, Some(lines)) => out.extend_from_slice(lines.as_bytes()),
            _ => out.extend_from_slice(b"Connection: close\r\n\r\n"),
        }
        body == BodyEnd::Open && !self.chunked
    }

    fn piece(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if self.chunked {
            encode_chunk(data, out);
        } else {
            out.extend_from_slice(data);
        }
    }

    fn end_body(&mut self, out: &mut Vec<u8>) {
        if self.chunked {
            out.extend_from_slice(LAST_CHUNK);
        }
    }

    fn may_upgrade(&self) -> bool {
        self.may_upgrade
    }
}
// ANCHOR_END: persistent
#[cfg(test)]
mod tests {
    use super::*;
    use lesson02::{Limits, parse_head};
    use lesson03::Policy;

    fn head(version: &str, fields: &str) -> Head {
        let text = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        let head = parse_head(text.as_bytes(), &Limits::default());
        head.unwrap().unwrap()
    }

    #[test]
    fn version_and_connection_words_tell_whether_the_client_stays() {
        for (version, fields, stays) in [
            ("1.1", "", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "Connection: Close\r\n", false),
            ("1.1", "Connection: x, CLOSE ,y\r\n", false),
            ("1.1", "Connection: x\r\nConnection: close\r\n", false),
            ("1.1", "Connection: closed\r\n", true),
            ("1.0", "", false),
            ("1.0", "Connection: keep-alive\r\n", true),
            ("1.0", "Connection: a, Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            assert_eq!(
                !head(version, fields).is_the_last(),
                stays,
                "{version} {fields}"
            );
        }
    }

    #[test]
    fn the_table_is_the_function() {
        use BodyEnd::{Announced, NoBody, Open};
        use Version::{Http10, Http11};
        // The rows of the table, from above.
        assert_eq!(next(false, true, Some(0), Announced, Http11), Next::Close);
        assert_eq!(next(true, false, Some(0), Announced, Http11), Next::Close);
        assert_eq!(
            next(true, true, Some(MAX_SKIPPED + 1), Announced, Http11),
            Next::Close
        );
        assert_eq!(next(true, true, None, Announced, Http11), Next::Close);
        assert_eq!(next(true, true, Some(0), Open, Http10), Next::Close);
        for (body, version) in [
            (NoBody, Http10),
            (Announced, Http10),
            (NoBody, Http11),
            (Announced, Http11),
            (Open, Http11),
        ] {
            assert_eq!(
                next(true, true, Some(MAX_SKIPPED), body, version),
                Next::KeepAlive
            );
        }
    }

    #[test]
    fn a_server_that_waits_for_nobody_does_not_say_that_it_does() {
        assert_eq!(staying_lines(Duration::ZERO), None);
        let brief = staying_lines(Duration::from_millis(900)).unwrap();
        assert!(!brief.contains("timeout"), "{brief}");
        let longer = staying_lines(Duration::from_millis(5900)).unwrap();
        assert!(longer.contains("timeout=5"), "{longer}");
    }

    struct Stays;

    impl Policy for Stays {
        fn staying_lines(&self) -> Option<&str> {
            Some("Connection: keep-alive\r\n\r\n")
        }
    }

    fn wire(version: &str, may_stay: bool, body: BodyEnd) -> (String, Next) {
        let head = head(version, "Connection: keep-alive\r\n");
        let mut wire = Persistent::new(&head, may_stay, false);
        let mut out = Vec::new();
        let stamp = Stamp {
            date: "",
            software: "",
            policy: &Stays,
        };
        wire.end_head(body, Some(0), stamp, &mut out);
        wire.piece(b"body", &mut out);
        wire.end_body(&mut out);
        (String::from_utf8(out).unwrap(), wire.next())
    }

    #[test]
    fn a_body_without_a_length_is_chunked_for_those_who_know_chunks() {
        let (bytes, next) = wire("1.1", true, BodyEnd::Open);
        assert_eq!(
            bytes,
            "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
        );
        assert_eq!(next, Next::KeepAlive);
        let (bytes, next) = wire("1.0", true, BodyEnd::Open);
        assert_eq!(
            (bytes.as_str(), next),
            ("Connection: close\r\n\r\nbody", Next::Close)
        );
    }

    #[test]
    fn an_announced_body_is_sent_as_it_is_and_what_was_decided_is_announced() {
        let (bytes, _) = wire("1.1", false, BodyEnd::Announced);
        assert_eq!(bytes, "Connection: close\r\n\r\nbody");
        let (bytes, _) = wire("1.0", true, BodyEnd::Announced);
        assert_eq!(bytes, "Connection: keep-alive\r\n\r\nbody");
    }
}
