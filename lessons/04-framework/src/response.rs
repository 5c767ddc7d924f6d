//! Responses as handlers like them: a type for each kind of content.

// ANCHOR: imports
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};

use lesson03::Body;
// ANCHOR_END: imports

// ANCHOR: response
/// A status, headers and a body.
pub struct Response {
    pub(crate) status: Cow<'static, str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl Response {
    /// A response with the status 200.
    pub fn new(content_type: &str, body: impl Into<Body>) -> Response {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Response {
            status: Cow::Borrowed("200 OK"),
            headers,
            body: body.into(),
        }
    }

    /// A response with neither content nor type, such as 204.
    pub fn empty(status: impl Into<Status>) -> Response {
        Response {
            status: status.into().0,
            headers: Vec::new(),
            body: Body::Empty,
        }
    }
    // ANCHOR_END: response

    // ANCHOR: file
    /// A file, read while it is sent.
    pub fn file(content_type: &str, file: File) -> io::Result<Response> {
        let length = file.metadata()?.len();
        let mut file = file.take(length);
        let chunks = std::iter::from_fn(move || {
            let mut chunk = vec![0; 64 * 1024];
            match file.read(&mut chunk) {
                Ok(0) => None,
                Ok(count) => {
                    chunk.truncate(count);
                    Some(Ok(chunk))
                }
                Err(error) => Some(Err(error.into())),
            }
        });
        let response = Response::new(content_type, Body::try_chunks(chunks));
        Ok(response.with_header("Content-Length", length.to_string()))
    }
    // ANCHOR_END: file

    // ANCHOR: with
    /// The same response with another status: `404`, `"404"` or `"404 Not Found"`.
    pub fn with_status(self, status: impl Into<Status>) -> Response {
        Response {
            status: status.into().0,
            ..self
        }
    }

    /// The same response with one more header.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Response {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same response with more headers, from a list or a map.
    pub fn with_headers<N, V>(mut self, headers: impl IntoIterator<Item = (N, V)>) -> Response
    where
        N: Into<String>,
        V: Into<String>,
    {
        self.headers.extend(
            headers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        self
    }
}
// ANCHOR_END: with

// ANCHOR: kinds
/// Plain text in UTF-8: the tutorials' `PlainTextResponse`.
pub struct PlainText<T>(pub T);

/// HTML in UTF-8: the tutorials' `HTMLResponse`.
///
/// Text that comes from elsewhere goes through [`escape_html`](crate::escape_html) first.
pub struct Html<T>(pub T);

/// JSON, with a space after each colon and comma as Python writes it: the tutorials'
/// `JSONResponse`.
pub struct Json<T>(pub T);
// ANCHOR_END: kinds

// ANCHOR: status
/// A status line's code and reason, from a number, a string of digits, or both words in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status(pub(crate) Cow<'static, str>);

impl From<u16> for Status {
    fn from(code: u16) -> Status {
        let reason = match code {
            200 => "OK",
            201 => "Created",
            202 => "Accepted",
            204 => "No Content",
            301 => "Moved Permanently",
            302 => "Found",
            303 => "See Other",
            304 => "Not Modified",
            307 => "Temporary Redirect",
            308 => "Permanent Redirect",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            409 => "Conflict",
            413 => "Content Too Large",
            415 => "Unsupported Media Type",
            422 => "Unprocessable Content",
            429 => "Too Many Requests",
            500 => "Internal Server Error",
            501 => "Not Implemented",
            503 => "Service Unavailable",
            // The reason is for people; a status without one is valid (RFC 9112 §4).
            _ => "",
        };
        Status(Cow::Owned(format!("{code} {reason}")))
    }
}

impl From<&str> for Status {
    fn from(text: &str) -> Status {
        match text.parse::<u16>() {
            Ok(code) => Status::from(code),
            // `start_response` says so if this is no status.
            Err(_) => Status(Cow::Owned(text.to_owned())),
        }
    }
}
// ANCHOR_END: status
