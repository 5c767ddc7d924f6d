//! From bytes to an answer: the other half of HTTP, as a client sees it. No sockets here.
//!
//! It reads leniently (a lone LF ends a line, too) and remembers what was not right, so that one
//! mistake of a server makes one probe red and not all of them.

mod reading;

pub use reading::{parse, parse_head};

/// One response, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `HTTP/1.1`.
    pub version: String,
    /// `200`.
    pub status: u16,
    /// The header fields in their order. Bytes above 0x7f are shown as Latin-1.
    pub fields: Vec<(String, String)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
    /// What told where the body ends.
    pub framing: Framing,
    /// Whether some line of the head ended with LF alone.
    pub lone_line_feed: bool,
    /// What else is not right about the head, and was read all the same.
    pub faults: Vec<String>,
}

/// What tells a client where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none: an answer to HEAD, a 1xx, 204 or 304.
    NoBody,
    /// `Content-Length`.
    Length(usize),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The end of the connection.
    UntilClose,
}

impl Answer {
    /// The value of a field, by its name in any case; the first one, if there are several.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the server says that it closes after this answer (RFC 9112 §9.3).
    pub fn says_close(&self) -> bool {
        self.connection("close") || (self.version == "HTTP/1.0" && !self.connection("keep-alive"))
    }

    /// Whether a `Connection` field holds this option, in any case.
    pub fn connection(&self, option: &str) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(name, value)| {
            name.eq_ignore_ascii_case("connection")
                && value
                    .split(',')
                    .any(|word| word.trim().eq_ignore_ascii_case(option))
        })
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> Answer {
        parse(bytes, true, false).unwrap().unwrap().0
    }

    #[test]
    fn connection_options_are_a_list_in_any_case() {
        let answer = whole(b"HTTP/1.1 200 OK\r\nConnection: Keep, CLOSE\r\n\r\n");
        assert!(answer.says_close() && answer.connection("keep"));
        assert!(whole(b"HTTP/1.0 200 OK\r\n\r\n").says_close());
        assert!(!whole(b"HTTP/1.1 200 OK\r\n\r\n").says_close());
    }
}
