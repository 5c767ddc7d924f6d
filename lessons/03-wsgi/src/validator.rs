//! A middleware that believes nobody: what `wsgiref.validate` is for Python.

// ANCHOR: imports
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io};

use crate::{
    AppError, Application, Body, Environ, Sink, StartResponse, Value, Writer, check_header,
    check_status,
};
// ANCHOR_END: imports

// ANCHOR: validator
/// Stands between a server and an application and checks that both keep to PEP 3333.
///
/// An application that breaks a rule fails with an error that names it. A server that breaks one
/// is put on the list of [`Complaints`].
pub struct Validator<A> {
    app: A,
    complaints: Complaints,
}

/// The rules that a server broke.
#[derive(Clone, Debug, Default)]
pub struct Complaints(Arc<Mutex<Vec<String>>>);

impl Complaints {
    /// All of them so far.
    pub fn list(&self) -> Vec<String> {
        self.lock().clone()
    }

    fn add(&self, complaint: impl fmt::Display) {
        self.lock().push(complaint.to_string());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A: Application> Validator<A> {
    /// Wraps `app`.
    pub fn new(app: A) -> Validator<A> {
        Validator {
            app,
            complaints: Complaints::default(),
        }
    }

    /// The list that this validator adds to.
    pub fn complaints(&self) -> Complaints {
        self.complaints.clone()
    }
}
// ANCHOR_END: validator

// ANCHOR: respond
/// What the application promised when it began its answer.
#[derive(Clone, Copy, Debug, Default)]
struct Promise {
    length: Option<u64>,
    no_body: bool,
}

impl<A: Application> Application for Validator<A> {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        check_environ(environ, &self.complaints);
        let to_head = environ.get("REQUEST_METHOD").as_deref() == Some("HEAD");
        let promise = Cell::new(None);
        let counter = Counter::default();
        let mut outer = Some(start_response);
        let mut begin = |status: &str, headers: &[(&str, &str)]| {
            promise.set(Some(check_begin(status, headers)));
            // `StartResponse` is consumed by its call, so there is no second one.
            let outer = outer.take();
            let writer = outer
                .map(|outer| outer.begin(status, headers))
                .transpose()?;
            counter.inner.replace(writer);
            Ok(Writer::new(&counter))
        };
        let body = self.app.respond(environ, StartResponse::new(&mut begin))?;
        let promise = promise
            .take()
            .ok_or_else(|| broken("start_response must be called before respond returns"))?
            .map_err(AppError::new)?;
        let promise = match to_head {
            true => Promise::default(), // Nobody sees the body, so nothing is promised of it.
            false => promise,
        };
        check_body(body, promise, counter.count.get(), self.complaints.clone())
    }
}

fn broken(rule: impl Into<Cow<'static, str>>) -> AppError {
    AppError::new(format!("validator: {}", rule.into()))
}

/// Passes on what the application writes, and counts it.
#[derive(Default)]
struct Counter<'w> {
    inner: std::cell::RefCell<Option<Writer<'w>>>,
    count: Cell<u64>,
}

impl Sink for Counter<'_> {
    fn write(&self, data: &[u8]) -> io::Result<()> {
        self.count.set(self.count.get() + data.len() as u64);
        match &mut *self.inner.borrow_mut() {
            Some(writer) => io::Write::write_all(writer, data),
            None => Ok(()),
        }
    }
}
// ANCHOR_END: respond

// ANCHOR: check_environ
/// Checks what the server tells the application (PEP 3333, "environ Variables").
fn check_environ(environ: &Environ<'_>, complaints: &Complaints) {
    for required in [
        "REQUEST_METHOD",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_PROTOCOL",
    ] {
        if environ.get(required).is_none_or(|value| value.is_empty()) {
            complaints.add(format_args!("{required} must be there and not empty"));
        }
    }
    for forbidden in ["HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"] {
        if environ.get(forbidden).is_some() {
            complaints.add(format_args!("{forbidden} must not be there"));
        }
    }
    let (script, path) = (environ.get("SCRIPT_NAME"), environ.get("PATH_INFO"));
    if script.as_deref() == Some("/") {
        complaints.add("SCRIPT_NAME must not be \"/\": it is empty, and PATH_INFO is \"/\"");
    }
    if script.is_none() && path.is_none() {
        complaints.add("one of SCRIPT_NAME and PATH_INFO must be there");
    }
    for (name, value) in [("SCRIPT_NAME", &script), ("PATH_INFO", &path)] {
        if value
            .as_ref()
            .is_some_and(|value| !value.is_empty() && !value.starts_with('/'))
        {
            complaints.add(format_args!("{name} must be empty or start with /"));
        }
    }
    if environ
        .get("CONTENT_LENGTH")
        .is_some_and(|length| length.parse::<u64>().is_err())
    {
        complaints.add("CONTENT_LENGTH must be a number");
    }
    if !matches!(
        environ.get("wsgi.url_scheme").as_deref(),
        Some("http" | "https")
    ) {
        complaints.add("wsgi.url_scheme must be http or https");
    }
    let beyond_latin1 = |value: &Value| match value {
        Value::Text(text) => text.chars().any(|char| u32::from(char) > 0xff),
        _ => false,
    };
    for (name, _) in environ.iter().filter(|(_, value)| beyond_latin1(value)) {
        complaints.add(format_args!("{name} has a character beyond Latin-1"));
    }
}
// ANCHOR_END: check_environ

// ANCHOR: check_begin
/// Checks status and headers, and notes what they promise about the body.
fn check_begin(status: &str, headers: &[(&str, &str)]) -> Result<Promise, String> {
    let code = check_status(status).map_err(|error| error.to_string())?;
    let mut length = None;
    let mut has_type = false;
    for (name, value) in headers {
        check_header(name, value).map_err(|error| error.to_string())?;
        has_type |= name.eq_ignore_ascii_case("content-type");
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(
                value
                    .parse()
                    .map_err(|_| "Content-Length must be a number")?,
            );
        }
    }
    let no_body = matches!(code, 101 | 204 | 304);
    match (no_body, has_type) {
        (true, true) => Err(format!(
            "validator: a {code} has no body, so no Content-Type"
        )),
        (false, false) => Err(format!("validator: a {code} needs a Content-Type")),
        _ => Ok(Promise {
            length: length.filter(|_| !no_body),
            no_body,
        }),
    }
}
// ANCHOR_END: check_begin

// ANCHOR: check_body
/// Checks that the body keeps the promise, now or while it is sent.
fn check_body(
    body: Body,
    promise: Promise,
    written: u64,
    complaints: Complaints,
) -> Result<Body, AppError> {
    match body {
        Body::Chunks(inner) => {
            return Ok(Body::Chunks(Box::new(Checked {
                inner,
                promise,
                count: written,
                is_over: false,
                complaints,
            })));
        }
        Body::Bytes(ref bytes) => check_length(written + bytes.len() as u64, promise)?,
        Body::Empty => check_length(written, promise)?,
        Body::Upgrade(_) => {} // No body, so none to check.
    }
    Ok(body)
}

fn check_length(count: u64, promise: Promise) -> Result<(), AppError> {
    match promise.length {
        _ if promise.no_body && count > 0 => Err(broken("this status has no body")),
        Some(length) if length != count => Err(broken(format!(
            "Content-Length is {length}, but the body has {count} bytes"
        ))),
        _ => Ok(()),
    }
}

/// A body under observation.
struct Checked {
    inner: Box<dyn Iterator<Item = Result<Vec<u8>, AppError>> + Send>,
    promise: Promise,
    count: u64,
    is_over: bool,
    complaints: Complaints,
}

impl Iterator for Checked {
    type Item = Result<Vec<u8>, AppError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            self.complaints
                .add("a body that is over must not be asked for more");
            return None;
        }
        let item = self.inner.next();
        let checked = match &item {
            Some(Ok(chunk)) => {
                self.count += chunk.len() as u64;
                match self.promise.length {
                    Some(length) if self.count <= length => Ok(()), // More may come.
                    _ => check_length(self.count, self.promise),
                }
            }
            Some(Err(_)) => Ok(()),
            None => check_length(self.count, self.promise),
        };
        self.is_over = !matches!(item, Some(Ok(_))) || checked.is_err();
        match checked {
            Ok(()) => item,
            Err(error) => Some(Err(error)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
// ANCHOR_END: check_body
