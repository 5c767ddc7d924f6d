//! A response in one piece: status line, fields, body.

// ANCHOR: imports
use std::borrow::Cow;

use crate::{ALLOWED_METHODS, Fault};
// ANCHOR_END: imports

// ANCHOR: page
/// A response whose body is known before the first byte leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Code and reason, as in `200 OK`.
    pub status: Cow<'static, str>,
    /// The `Content-Type`.
    pub content_type: Cow<'static, str>,
    /// Further fields.
    pub fields: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: Cow<'static, [u8]>,
}

impl Page {
    /// A page of plain text.
    pub fn text(status: impl Into<Cow<'static, str>>, text: impl Into<Cow<'static, str>>) -> Page {
        let body = match text.into() {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        Page {
            status: status.into(),
            content_type: Cow::Borrowed("text/plain; charset=utf-8"),
            fields: Vec::new(),
            body,
        }
    }

    /// The page of a failure that is ours: what went wrong is for the log, not for the client.
    pub fn failure() -> Page {
        Page::text("500 Internal Server Error", "500 Internal Server Error\n")
    }

    /// The same page with one more field.
    pub fn with_field(mut self, name: &'static str, value: &'static str) -> Page {
        self.fields.push((name, value));
        self
    }

    /// The three digits of the status.
    pub fn code(&self) -> &str {
        self.status.split(' ').next().unwrap_or_default()
    }

    /// Appends the whole response to `out`.
    ///
    /// The answer to `HEAD` has the same fields as the answer to `GET`, and no body (RFC 9110
    /// §9.3.2); that is what `with_body` is for.
    pub fn write(&self, server: &str, date: &str, with_body: bool, out: &mut Vec<u8>) {
        let head = [
            ["HTTP/1.1 ", &self.status, "\r\n"],
            ["Date: ", date, "\r\n"],
            ["Server: ", server, "\r\n"],
            ["Content-Type: ", &self.content_type, "\r\n"],
            ["Content-Length: ", &self.body.len().to_string(), "\r\n"],
        ];
        for piece in head.as_flattened() {
            out.extend_from_slice(piece.as_bytes());
        }
        for piece in self
            .fields
            .iter()
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        {
            out.extend_from_slice(piece.as_bytes());
        }
        out.extend_from_slice(b"Connection: close\r\n\r\n");
        if with_body {
            out.extend_from_slice(&self.body);
        }
    }
}

impl From<Fault> for Page {
    fn from(fault: Fault) -> Page {
        let page = Page::text(fault.status(), format!("{fault}\n"));
        match fault {
            // A 405 must name the methods that would have worked (RFC 9110 §15.5.6).
            Fault::Connect => page.with_field("Allow", ALLOWED_METHODS),
            _ => page,
        }
    }
}
// ANCHOR_END: page

#[cfg(test)]
mod tests {
    use super::*;

    fn written(page: &Page, with_body: bool) -> String {
        let mut out = Vec::new();
        page.write("test", "Sun, 06 Nov 1994 08:49:37 GMT", with_body, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_page_is_a_whole_response() {
        let page = Page::text("200 OK", "Hello, World!");
        let head = "HTTP/1.1 200 OK\r\n\
                    Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                    Server: test\r\n\
                    Content-Type: text/plain; charset=utf-8\r\n\
                    Content-Length: 13\r\n\
                    Connection: close\r\n\r\n";
        assert_eq!(written(&page, true), format!("{head}Hello, World!"));
        assert_eq!(written(&page, false), head);
    }

    #[test]
    fn a_fault_says_what_was_wrong_and_a_refused_method_what_would_work() {
        let response = written(&Fault::NoHost.into(), true);
        assert!(
            response.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{response}"
        );
        assert!(response.ends_with("400 Bad Request: no Host field (RFC 9112 §3.2)\n"));
        assert!(written(&Fault::Connect.into(), true).contains("\r\nAllow: GET, HEAD"));
    }
}
