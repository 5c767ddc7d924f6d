//! `environ`: everything that an application is told about a request.

// ANCHOR: imports
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;

use lesson02::{Request, Version, percent_decode};
use terminal::{say, visible};

use crate::Input;
// ANCHOR_END: imports

// ANCHOR: deployment
/// What an application is told about the server, the same for each request.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// `SERVER_NAME`. It is configured or the bound address, never a reverse DNS lookup, which
    /// can take seconds.
    pub server_name: String,
    /// `SERVER_PORT`.
    pub server_port: String,
    /// `SERVER_SOFTWARE`, and the `Server` header.
    pub software: &'static str,
    /// `wsgi.url_scheme`.
    pub url_scheme: &'static str,
    /// `wsgi.multithread`: whether another thread may call the application at the same time.
    pub multithread: bool,
    /// `wsgi.multiprocess`: whether another process may.
    pub multiprocess: bool,
    /// Variables that whoever runs the server adds, with `--env K=V`.
    pub extra: Vec<(String, String)>,
}

impl Deployment {
    /// A server of one thread in one process that speaks plain HTTP at `address`.
    pub fn at(address: SocketAddr, software: &'static str) -> Deployment {
        Deployment {
            server_name: address.ip().to_string(),
            server_port: address.port().to_string(),
            software,
            url_scheme: "http",
            multithread: false,
            multiprocess: false,
            extra: Vec::new(),
        }
    }
}
// ANCHOR_END: deployment

// ANCHOR: environ
/// The dictionary that PEP 3333 names `environ`, as a view.
///
/// Python builds a dictionary for each request. Here nothing is built: [`Environ::get`] looks
/// into the head when it is asked, and what the application sets lies on top.
///
/// Strings are what the PEP calls native strings: bytes as Latin-1, one character each. For text
/// that may be more, ask for the bytes ([`Environ::path_bytes`]) or for UTF-8
/// ([`Environ::path_utf8_lossy`]).
///
/// | variable | value |
/// |---|---|
/// | `REQUEST_METHOD` | `GET`, `POST`, …; never empty |
/// | `SCRIPT_NAME` | the path of the application itself: empty, or starts with `/` |
/// | `PATH_INFO` | the rest of the path, percent-decoded: empty, or starts with `/` |
/// | `QUERY_STRING` | what follows the `?`, not decoded; may be empty |
/// | `CONTENT_TYPE`, `CONTENT_LENGTH` | as sent; absent if not sent |
/// | `SERVER_NAME`, `SERVER_PORT` | of this server; never empty |
/// | `SERVER_PROTOCOL` | `HTTP/1.0` or `HTTP/1.1`, what the client speaks |
/// | `SERVER_SOFTWARE`, `GATEWAY_INTERFACE` | the server's name; `CGI/1.1` |
/// | `REMOTE_ADDR`, `REMOTE_PORT` | the client's end of the connection |
/// | `HTTP_…` | each header: upper case, `-` as `_`. Several of a name are joined with `,`, cookies with `; `. Names with a `_` are left out, as two headers could not be told apart; `HTTP_HOST` is the target's host if it has one |
/// | `wsgi.version` | `(1, 0)` |
/// | `wsgi.url_scheme` | `http` or `https` |
/// | `wsgi.input` | [`Environ::input`] |
/// | `wsgi.errors` | [`Environ::errors`] |
/// | `wsgi.multithread`, `wsgi.multiprocess`, `wsgi.run_once` | whether the application may be called again before it returns, elsewhere, or never |
///
/// Variables that the server's `--env K=V` adds come last.
pub struct Environ<'r> {
    request: Request<'r>,
    peer: SocketAddr,
    deployment: &'r Deployment,
    input: Input<'r>,
    overlay: Vec<(Cow<'static, str>, Option<String>)>,
}

impl<'r> Environ<'r> {
    /// The view of `request`, which came from `peer` and has its body in `input`.
    pub fn new(
        request: Request<'r>,
        peer: SocketAddr,
        deployment: &'r Deployment,
        input: Input<'r>,
    ) -> Environ<'r> {
        Environ {
            request,
            peer,
            deployment,
            input,
            overlay: Vec::new(),
        }
    }

    /// The value of a variable that is a string; `None` if it is absent.
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        match self.overlay.iter().rev().find(|(name, _)| name == key) {
            Some((_, value)) => value.as_deref().map(Cow::Borrowed),
            None => self.get_original(key),
        }
    }

    /// Sets a variable for the rest of this request.
    pub fn set(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.overlay.push((key.into(), Some(value.into())));
    }

    /// Removes a variable for the rest of this request.
    pub fn remove(&mut self, key: impl Into<Cow<'static, str>>) {
        self.overlay.push((key.into(), None));
    }

    /// What [`Environ::restore`] needs to undo everything that is set or removed from here on.
    pub fn mark(&self) -> Mark {
        Mark(self.overlay.len())
    }

    /// Undoes what was set or removed since `mark`: for whoever changes variables for an
    /// application inside, and owes its caller the old ones.
    pub fn restore(&mut self, mark: Mark) {
        self.overlay.truncate(mark.0);
    }

    /// `wsgi.input`: the request's body.
    pub fn input(&mut self) -> &mut Input<'r> {
        &mut self.input
    }

    /// `wsgi.errors`: text for whoever runs the server.
    pub fn errors(&self) -> Errors {
        Errors
    }

    /// What the server says about itself.
    pub fn deployment(&self) -> &'r Deployment {
        self.deployment
    }

    /// The request line and headers as they were sent.
    pub fn request(&self) -> Request<'r> {
        self.request
    }
}

/// A point in the history of an [`Environ`].
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);
// ANCHOR_END: environ

// ANCHOR: get_original
impl Environ<'_> {
    fn get_original(&self, key: &str) -> Option<Cow<'_, str>> {
        let value = match key {
            "REQUEST_METHOD" => Cow::Borrowed(self.request.method()),
            "SCRIPT_NAME" => Cow::Borrowed(""),
            "PATH_INFO" => latin1(self.original_path()),
            "QUERY_STRING" => Cow::Borrowed(self.request.query()),
            "CONTENT_TYPE" => return self.header("content-type"),
            "CONTENT_LENGTH" => return self.header("content-length"),
            "SERVER_NAME" => Cow::Borrowed(self.deployment.server_name.as_str()),
            "SERVER_PORT" => Cow::Borrowed(self.deployment.server_port.as_str()),
            "SERVER_PROTOCOL" => Cow::Borrowed(match self.request.version() {
                Version::Http10 => "HTTP/1.0",
                Version::Http11 => "HTTP/1.1",
            }),
            "SERVER_SOFTWARE" => Cow::Borrowed(self.deployment.software),
            "GATEWAY_INTERFACE" => Cow::Borrowed("CGI/1.1"),
            "REMOTE_ADDR" => Cow::Owned(self.peer.ip().to_string()),
            "REMOTE_PORT" => Cow::Owned(self.peer.port().to_string()),
            "wsgi.url_scheme" => Cow::Borrowed(self.deployment.url_scheme),
            "HTTP_HOST" => return self.request.authority().map(Cow::Borrowed),
            _ => return self.http_variable(key).or_else(|| self.extra_variable(key)),
        };
        Some(value)
    }

    fn original_path(&self) -> Cow<'_, [u8]> {
        match self.request.path() {
            // `http://host` and `http://host/` are the same resource (RFC 9110 §4.2.3).
            "" if self.request.target() != "*" => Cow::Borrowed(b"/"),
            path => percent_decode(path.as_bytes()),
        }
    }

    fn extra_variable(&self, key: &str) -> Option<Cow<'_, str>> {
        let found = self
            .deployment
            .extra
            .iter()
            .rev()
            .find(|(name, _)| name == key);
        found.map(|(_, value)| Cow::Borrowed(value.as_str()))
    }

    /// The header behind a name like `HTTP_USER_AGENT`.
    fn http_variable(&self, key: &str) -> Option<Cow<'_, str>> {
        let wanted = key.strip_prefix("HTTP_")?;
        let matches = |name: &str| {
            name.len() == wanted.len()
                && name
                    .bytes()
                    .zip(wanted.bytes())
                    .all(|(byte, key)| variable_byte(byte) == key)
        };
        let own = |name: &str| !is_variable_of_its_own(name) && !name.contains('_');
        let separator = if wanted == "COOKIE" { "; " } else { "," };
        let mut values = self
            .request
            .fields()
            .filter(|(name, _)| matches(name) && own(name));
        let (_, first) = values.next()?;
        Some(
            values.fold(latin1(Cow::Borrowed(first)), |mut joined, (_, value)| {
                joined.to_mut().push_str(separator);
                joined.to_mut().push_str(&latin1(Cow::Borrowed(value)));
                joined
            }),
        )
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.request
            .field(name)
            .map(|value| latin1(Cow::Borrowed(value)))
    }
}

/// `Content-Type` and `Content-Length` have variables without `HTTP_`, and only those.
fn is_variable_of_its_own(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("content-length")
}

fn variable_byte(byte: u8) -> u8 {
    if byte == b'-' {
        b'_'
    } else {
        byte.to_ascii_uppercase()
    }
}

/// Bytes as characters, one each: how PEP 3333 wants them in strings.
fn latin1(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    let of_bytes = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    match bytes {
        Cow::Borrowed(bytes) if bytes.is_ascii() => String::from_utf8_lossy(bytes),
        Cow::Borrowed(bytes) => Cow::Owned(of_bytes(bytes)),
        Cow::Owned(bytes) => Cow::Owned(of_bytes(&bytes)),
    }
}
// ANCHOR_END: get_original

// ANCHOR: path
impl Environ<'_> {
    /// `PATH_INFO` as bytes: what the client percent-encoded.
    pub fn path_bytes(&self) -> Cow<'_, [u8]> {
        match self.get("PATH_INFO") {
            Some(path) if path.is_ascii() => match path {
                Cow::Borrowed(path) => Cow::Borrowed(path.as_bytes()),
                Cow::Owned(path) => Cow::Owned(path.into_bytes()),
            },
            // Latin-1 back to bytes. A character beyond it was set by an application, as text.
            Some(path) if path.chars().all(|char| u32::from(char) <= 0xff) => Cow::Owned(
                path.chars()
                    .map(|char| u8::try_from(char).unwrap_or(b'?'))
                    .collect(),
            ),
            Some(path) => Cow::Owned(path.into_owned().into_bytes()),
            None => Cow::Borrowed(b""),
        }
    }

    /// `PATH_INFO` as text, which is UTF-8 today, with `U+FFFD` where it is not.
    pub fn path_utf8_lossy(&self) -> Cow<'_, str> {
        match self.path_bytes() {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }
}
// ANCHOR_END: path

// ANCHOR: iter
impl Environ<'_> {
    /// Every variable with its value, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (String, Value)> + use<> {
        let fixed = [
            "REQUEST_METHOD",
            "SCRIPT_NAME",
            "PATH_INFO",
            "QUERY_STRING",
            "CONTENT_TYPE",
            "CONTENT_LENGTH",
            "SERVER_NAME",
            "SERVER_PORT",
            "SERVER_PROTOCOL",
            "SERVER_SOFTWARE",
            "GATEWAY_INTERFACE",
            "REMOTE_ADDR",
            "REMOTE_PORT",
            "wsgi.url_scheme",
            "HTTP_HOST",
        ];
        let headers = self
            .request
            .fields()
            .filter(|(name, _)| !is_variable_of_its_own(name));
        let mut names: Vec<String> = fixed.map(str::to_owned).into();
        names.extend(headers.map(|(name, _)| {
            format!(
                "HTTP_{}",
                name.bytes()
                    .map(variable_byte)
                    .map(char::from)
                    .collect::<String>()
            )
        }));
        names.extend(self.deployment.extra.iter().map(|(name, _)| name.clone()));
        names.extend(self.overlay.iter().map(|(name, _)| name.to_string()));
        let mut variables: Vec<(String, Value)> = names
            .into_iter()
            .filter_map(|name| {
                self.get(&name)
                    .map(|value| (name, Value::Text(value.into())))
            })
            .collect();
        for (name, value) in [
            ("wsgi.version", Value::Version(1, 0)),
            ("wsgi.input", Value::Stream("request body")),
            ("wsgi.errors", Value::Stream("standard error")),
            ("wsgi.multithread", Value::Flag(self.deployment.multithread)),
            (
                "wsgi.multiprocess",
                Value::Flag(self.deployment.multiprocess),
            ),
            ("wsgi.run_once", Value::Flag(false)),
        ] {
            variables.push((name.to_owned(), value));
        }
        variables.sort_by(|(one, _), (other, _)| one.cmp(other));
        variables.dedup_by(|(one, _), (other, _)| one == other);
        variables.into_iter()
    }
}

/// A value in an [`Environ`]. It displays itself as Python's `repr` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string.
    Text(String),
    /// `True` or `False`.
    Flag(bool),
    /// `wsgi.version`.
    Version(u8, u8),
    /// `wsgi.input` or `wsgi.errors`, with a word about it.
    Stream(&'static str),
}

impl Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => write_repr(text, out),
            Value::Flag(true) => out.write_str("True"),
            Value::Flag(false) => out.write_str("False"),
            Value::Version(major, minor) => write!(out, "({major}, {minor})"),
            Value::Stream(what) => write!(out, "<{what}>"),
        }
    }
}

fn write_repr(text: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    write!(out, "{quote}")?;
    for char in text.chars() {
        match char {
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            _ if char == quote => write!(out, "\\{quote}")?,
            '\u{a0}' | '\u{ad}' => write!(out, "\\x{:02x}", u32::from(char))?,
            _ if char.is_control() => write!(out, "\\x{:02x}", u32::from(char))?,
            _ => write!(out, "{char}")?,
        }
    }
    write!(out, "{quote}")
}
// ANCHOR_END: iter

// ANCHOR: errors
/// The stream that PEP 3333 names `wsgi.errors`: lines for the server's log.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

impl io::Write for Errors {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        for line in text
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            match std::str::from_utf8(line) {
                Ok(line) if !line.chars().any(char::is_control) => say(line),
                _ => say(visible(line)),
            }
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
// ANCHOR_END: errors
