//! `environ`: everything that an application is told about a request.

// ANCHOR: imports
use std::borrow::Cow;
use std::io;
use std::net::SocketAddr;

use lesson02::{Request, Session};
use terminal::say;

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
/// | `HTTP_…` | each header: upper case, `-` as `_` (see below) |
/// | `wsgi.version` | `(1, 0)` |
/// | `wsgi.url_scheme` | `http` or `https` |
/// | `wsgi.input` | [`Environ::input`] |
/// | `wsgi.errors` | [`Environ::errors`] |
/// | `wsgi.multithread` | whether the application may be called again before it returns |
/// | `wsgi.multiprocess` | whether it may be called elsewhere at the same time |
/// | `wsgi.run_once` | whether it is never called again |
///
/// Several headers of a name are joined with `,`, cookies with `; `. Names with a `_` are left out,
/// as two headers could not be told apart; `HTTP_HOST` is the target's host if it has one.
///
/// Variables that the server's `--env K=V` adds come last.
pub struct Environ<'r> {
    pub(crate) request: Request<'r>,
    pub(crate) peer: SocketAddr,
    pub(crate) deployment: &'r Deployment,
    /// What was agreed on with the client, if nobody in between can read along.
    pub session: Option<&'r Session>,
    input: Input<'r>,
    pub(crate) overlay: Vec<(Cow<'static, str>, Option<String>)>,
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
            session: None,
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

    /// The client's end of the connection.
    pub fn peer(&self) -> SocketAddr {
        self.peer
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

// ANCHOR: path
impl Environ<'_> {
    /// `PATH_INFO` as bytes: what the client percent-encoded.
    pub fn path_bytes(&self) -> Cow<'_, [u8]> {
        match self.get("PATH_INFO").unwrap_or_default() {
            Cow::Borrowed(path) if path.is_ascii() => Cow::Borrowed(path.as_bytes()),
            // Latin-1 back to bytes. A character beyond it was set by an application, as text.
            path => Cow::Owned(
                path.chars()
                    .map(|char| u8::try_from(char).ok())
                    .collect::<Option<Vec<u8>>>()
                    .unwrap_or_else(|| path.into_owned().into_bytes()),
            ),
        }
    }

    /// `PATH_INFO` as text, which is UTF-8 today, with `U+FFFD` where it is not.
    pub fn path_utf8_lossy(&self) -> Cow<'_, str> {
        match self.get("PATH_INFO").unwrap_or_default() {
            path if path.is_ascii() => path,
            _ => Cow::Owned(String::from_utf8_lossy(&self.path_bytes()).into_owned()),
        }
    }
}
// ANCHOR_END: path

// ANCHOR: errors
/// The stream that PEP 3333 names `wsgi.errors`: lines for the server's log.
#[derive(Clone, Copy, Debug)]
pub struct Errors;

impl io::Write for Errors {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        for line in String::from_utf8_lossy(text).lines() {
            let escape = |char: char| match char.is_control() {
                true => char.escape_default().to_string(),
                false => char.to_string(),
            };
            say(line.chars().map(escape).collect::<String>());
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
// ANCHOR_END: errors
