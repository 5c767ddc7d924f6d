//! After this answer, another one? Who decides, and how the client learns of it.

// ANCHOR: imports
use std::time::Duration;

use lesson02::{Request, Version};
use lesson03::{Extent, Wire};

use crate::chunked::{LAST_CHUNK, encode_chunk};
// ANCHOR_END: imports

// ANCHOR: wishes
/// Whether the client would like to send another request (RFC 9112 §9.3).
///
/// | version | `Connection` | |
/// |---|---|---|
/// | any | has the token `close` | no |
/// | 1.1 | else | yes |
/// | 1.0 | has the token `keep-alive` | yes |
/// | 1.0 | else | no |
pub fn client_stays(request: &Request) -> bool {
    let has = |token: &str| {
        let values = request
            .fields()
            .filter(|(name, _)| name.eq_ignore_ascii_case("connection"));
        let mut tokens = values.flat_map(|(_, value)| value.split(|&byte| byte == b','));
        tokens.any(|one| one.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    };
    !has("close") && (request.version() == Version::Http11 || has("keep-alive"))
}
// ANCHOR_END: wishes

// ANCHOR: persistent
/// The wire of a connection that may go on after this answer.
pub struct Persistent<'s> {
    /// Asked when the head is final, and not before: an answer that took long shall know of the
    /// stop that came meanwhile.
    plan: &'s dyn Fn() -> Next,
    /// What the client has been told.
    next: Next,
    /// A client from before 1.1 does not know chunks.
    knows_chunks: bool,
    chunked: bool,
    /// The lines that say that the connection stays.
    stays: &'s str,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another request may come.
    KeepAlive,
    /// Nothing more is read.
    Close,
}

/// The lines that say that the connection stays, and how long it may be quiet. There is no way
/// to say less than a second.
pub fn staying_lines(idle: Duration) -> String {
    match idle.as_secs() {
        0 => "Connection: keep-alive\r\n\r\n".to_owned(),
        seconds => format!("Connection: keep-alive\r\nKeep-Alive: timeout={seconds}\r\n\r\n"),
    }
}

impl<'s> Persistent<'s> {
    /// The wire for an answer to `request`. `plan` says what the server wants to happen after it;
    /// `stays` is what [`staying_lines`] made.
    pub fn new(request: &Request, plan: &'s dyn Fn() -> Next, stays: &'s str) -> Persistent<'s> {
        let knows_chunks = request.version() == Version::Http11;
        Persistent {
            plan,
            next: Next::Close,
            knows_chunks,
            chunked: false,
            stays,
        }
    }

    /// What the client has been told.
    pub fn next(&self) -> Next {
        self.next
    }
}

impl Wire for Persistent<'_> {
    fn end_head(&mut self, body: Extent, out: &mut Vec<u8>) -> bool {
        self.next = (self.plan)();
        self.chunked = body == Extent::Open && self.knows_chunks;
        let ends_with_connection = body == Extent::Open && !self.knows_chunks;
        if self.chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        if ends_with_connection {
            self.next = Next::Close;
        }
        match self.next {
            Next::KeepAlive => out.extend_from_slice(self.stays.as_bytes()),
            Next::Close => out.extend_from_slice(b"Connection: close\r\n\r\n"),
        }
        ends_with_connection
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
}
// ANCHOR_END: persistent

#[cfg(test)]
mod tests {
    use super::*;
    use lesson02::{Limits, parse_head};

    /// Calls `with` with a parsed request.
    fn request<T>(head: &str, with: impl Fn(&Request) -> T) -> T {
        let parsed = parse_head(head.as_bytes(), &Limits::default())
            .unwrap()
            .unwrap();
        with(&parsed.request(head.as_bytes()))
    }

    #[test]
    fn version_and_connection_tokens_decide() {
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
            let head = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
            assert_eq!(request(&head, client_stays), stays, "{version} {fields}");
        }
    }

    fn wire(version: &str, next: Next, body: Extent) -> (String, Next) {
        let head = format!("GET / HTTP/{version}\r\nHost: a\r\n\r\n");
        request(&head, |request| {
            let mut out = Vec::new();
            let stays = staying_lines(Duration::from_millis(5900));
            let plan = || next;
            let mut wire = Persistent::new(request, &plan, &stays);
            wire.end_head(body, &mut out);
            wire.piece(b"body", &mut out);
            wire.end_body(&mut out);
            (String::from_utf8(out).unwrap(), wire.next())
        })
    }

    #[test]
    fn a_body_without_a_length_is_chunked_for_those_who_know_chunks() {
        let (bytes, next) = wire("1.1", Next::KeepAlive, Extent::Open);
        assert_eq!(
            bytes,
            "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n\
             4\r\nbody\r\n0\r\n\r\n"
        );
        assert_eq!(next, Next::KeepAlive);
        let (bytes, next) = wire("1.0", Next::KeepAlive, Extent::Open);
        assert_eq!(
            (bytes.as_str(), next),
            ("Connection: close\r\n\r\nbody", Next::Close)
        );
    }

    #[test]
    fn an_announced_body_is_sent_as_it_is_and_the_plan_is_announced() {
        let (bytes, _) = wire("1.1", Next::Close, Extent::Announced);
        assert_eq!(bytes, "Connection: close\r\n\r\nbody");
        let (bytes, _) = wire("1.0", Next::KeepAlive, Extent::Announced);
        assert_eq!(
            bytes,
            "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nbody"
        );
    }
}
