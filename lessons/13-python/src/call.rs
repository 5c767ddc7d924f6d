//! One HTTP request of an ASGI application: what it receives, and what it sends.

// ANCHOR: imports
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lesson03::AppError;
use lesson07::Arrived;
use lesson09::Token;
use pyo3::exceptions::{PyBrokenPipeError, PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyMemoryView};

use crate::answers::{Laid, Plate};
use crate::environ::latin1;
use crate::pieces::{SLICE, Slices};
use crate::playing::Playing;
use crate::start::may_have_length;
use crate::waiting::Waiting;
// ANCHOR_END: imports

// ANCHOR: call
/// A call of the application. Its two methods are what the application is given.
#[pyclass(module = "lesson13", frozen)]
pub(crate) struct HttpCall {
    token: Token,
    playing: Arc<Playing>,
    state: Mutex<State>,
}

struct State {
    /// What has come of the request's body and was not received.
    body: Arrived,
    /// Whether the last of it was.
    is_received: bool,
    /// What `http.response.start` has said.
    start: Option<(String, Vec<(String, String)>)>,
    /// The whole answer, or its beginning, until the conversation takes it.
    laid: Option<Result<Laid, AppError>>,
    is_taken: bool,
    plate: Plate,
    progress: Progress,
    /// Nothing of what was sent waits any more.
    has_room: bool,
    /// The client has sent its last byte, or has gone.
    is_gone: bool,
    /// Nothing more can be sent.
    is_closed: bool,
    receiving: Waiting,
    sending: Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// Nothing has been sent.
    Silent,
    /// The start, which waits for a first piece.
    Started,
    /// A piece and perhaps more.
    Answering,
    /// All.
    Done,
}

impl HttpCall {
    /// A call for a request of whose body this has come.
    pub(crate) fn new(token: Token, playing: Arc<Playing>, body: Arrived) -> HttpCall {
        HttpCall {
            token,
            playing,
            state: Mutex::new(State {
                body,
                is_received: false,
                start: None,
                laid: None,
                is_taken: false,
                plate: Plate::default(),
                progress: Progress::Silent,
                has_room: false,
                is_gone: false,
                is_closed: false,
                receiving: Waiting::default(),
                sending: Waiting::default(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
// ANCHOR_END: call

// ANCHOR: methods
#[pymethods]
impl HttpCall {
    /// `receive`: the body as it comes, and then nothing until the client has gone. More of it is
    /// taken from the connection while somebody waits here, and not before.
    fn receive<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut state = self.state();
        if let Some(event) = state.next_event() {
            drop(state);
            return self.playing.here(py, event.show(py)?.into_any());
        }
        let (waiting, wants_more) = (state.receiving.begin(), !state.body.is_last);
        drop(state);
        let awaitable = waiting.wait(py, &self.playing)?;
        if wants_more {
            self.playing.play(py, self.token);
        }
        Ok(awaitable)
    }

    /// `send`: the head waits for the first piece, and a piece leaves before this returns, unless
    /// the client takes it too slowly. Then whoever awaits this waits.
    fn send<'py>(
        &self,
        py: Python<'py>,
        event: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let kind = required(event, intern!(py, "type"))?;
        match kind.extract::<&str>()? {
            "http.response.start" => self.start(event)?,
            "http.response.body" => return self.body(py, event),
            other => return Err(unexpected(other)),
        }
        self.playing.nothing(py)
    }
}

impl HttpCall {
    fn start(&self, event: &Bound<'_, PyDict>) -> PyResult<()> {
        let head = head(event)?;
        let mut state = self.state();
        if state.is_closed {
            return Err(gone());
        }
        if state.progress != Progress::Silent {
            return Err(unexpected("http.response.start"));
        }
        state.start = Some(head);
        state.progress = Progress::Started;
        Ok(())
    }

    fn body<'py>(
        &self,
        py: Python<'py>,
        event: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut piece = match event.get_item(intern!(py, "body"))? {
            Some(body) if !body.is_none() => Slices::of(&byte_string(&body)?),
            _ => Slices::of(&PyBytes::new(py, b"")),
        };
        let more = event.get_item(intern!(py, "more_body"))?;
        let is_last = !more.map_or(Ok(false), |more| more.is_truthy())?;
        let mut state = self.state();
        if state.is_closed {
            return Err(gone());
        }
        match (state.progress, state.start.take()) {
            (Progress::Started, Some((status, mut headers))) => {
                let body = match is_last && piece.length(py) <= SLICE {
                    true => piece.take(py).into(),
                    false => {
                        if is_last {
                            announce(piece.length(py), &status, &mut headers);
                        }
                        state.plate.put(Ok(piece), is_last);
                        state.plate.body()
                    }
                };
                state.laid = Some(Ok(Laid {
                    status,
                    headers,
                    body,
                }));
            }
            (Progress::Answering, _) => state.plate.put(Ok(piece), is_last),
            _ => return Err(unexpected("http.response.body")),
        }
        state.progress = if is_last {
            Progress::Done
        } else {
            Progress::Answering
        };
        state.has_room = false;
        drop(state);
        self.playing.play(py, self.token);
        let mut state = self.state();
        if is_last {
            let waiting = std::mem::take(&mut state.receiving);
            drop(state);
            waiting.end(py, Event::Disconnect.show(py)?.into_any())?;
            return self.playing.nothing(py);
        }
        if state.has_room || state.is_closed {
            drop(state);
            return self.playing.nothing(py);
        }
        let waiting = state.sending.begin();
        drop(state);
        waiting.wait(py, &self.playing)
    }
}

// ANCHOR_END: methods

// ANCHOR: received
/// What `receive` gives.
enum Event {
    Body(Arrived),
    Disconnect,
}

impl State {
    /// What can be received at once. After the last piece of the body that is only the end.
    fn next_event(&mut self) -> Option<Event> {
        if self.is_received || self.body.bytes.is_empty() && !self.body.is_last {
            let is_over = self.is_closed || self.progress == Progress::Done;
            let is_gone = self.is_gone && self.body.is_last;
            return (is_over || is_gone).then_some(Event::Disconnect);
        }
        self.is_received = self.body.is_last;
        Some(Event::Body(Arrived {
            bytes: std::mem::take(&mut self.body.bytes),
            is_last: self.body.is_last,
        }))
    }
}

impl Event {
    fn show(self, py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
        let event = PyDict::new(py);
        let kind = match self {
            Event::Disconnect => intern!(py, "http.disconnect"),
            Event::Body(body) => {
                event.set_item(intern!(py, "body"), PyBytes::new(py, &body.bytes))?;
                event.set_item(intern!(py, "more_body"), !body.is_last)?;
                intern!(py, "http.request")
            }
        };
        event.set_item(intern!(py, "type"), kind)?;
        Ok(event)
    }
}
// ANCHOR_END: received

// ANCHOR: conversation
/// What the conversation asks.
impl HttpCall {
    /// The answer, if it has begun and has not been taken.
    pub(crate) fn take_laid(&self) -> Option<Result<Laid, AppError>> {
        let mut state = self.state();
        let laid = state.laid.take();
        state.is_taken |= laid.is_some();
        laid
    }

    /// Whether it has been taken. If so, a request that is about to be asked is another one.
    pub(crate) fn is_taken(&self) -> bool {
        self.state().is_taken
    }

    /// Whether a piece is there to be taken, or the end.
    pub(crate) fn has_piece(&self) -> bool {
        self.state().plate.has_any()
    }

    /// More of the body has come. The first who waits for it gets it.
    pub(crate) fn body_came(&self, py: Python<'_>, came: Arrived) -> PyResult<()> {
        let mut state = self.state();
        if came.bytes.is_empty() && came.is_last == state.body.is_last {
            return Ok(());
        }
        match state.body.bytes.is_empty() {
            true => state.body.bytes = came.bytes,
            false => state.body.bytes.extend_from_slice(&came.bytes),
        }
        state.body.is_last = came.is_last;
        let receiving = state.receiving.clone();
        drop(state);
        if let Some(first) = receiving.first(py)?
            && let Some(event) = self.state().next_event()
        {
            first.call_method1(intern!(py, "set_result"), (event.show(py)?,))?;
        }
        Ok(())
    }

    /// Whether somebody waits for more of the body.
    pub(crate) fn wants_more(&self, py: Python<'_>) -> PyResult<bool> {
        let state = self.state();
        let (is_last, receiving) = (state.body.is_last, state.receiving.clone());
        drop(state);
        Ok(!is_last && receiving.first(py)?.is_some())
    }

    /// All that was sent has left.
    pub(crate) fn has_room(&self, py: Python<'_>) -> PyResult<()> {
        let mut state = self.state();
        state.has_room = true;
        let waiting = std::mem::take(&mut state.sending);
        drop(state);
        waiting.end(py, py.None().into_bound(py))
    }

    /// The client sends nothing more, or has gone.
    pub(crate) fn client_left(&self, py: Python<'_>, is_closed: bool) -> PyResult<()> {
        let mut state = self.state();
        state.is_gone = true;
        state.is_closed |= is_closed;
        // Where some of the body has not come in, its end is found by whoever takes it in.
        let receiving = match is_closed || state.body.is_last {
            true => std::mem::take(&mut state.receiving),
            false => Waiting::default(),
        };
        let sending = match is_closed {
            true => std::mem::take(&mut state.sending),
            false => Waiting::default(),
        };
        drop(state);
        receiving.end(py, Event::Disconnect.show(py)?.into_any())?;
        sending.fail(py, gone())
    }

    /// The application has returned, or has failed. True: the conversation has to hear of it.
    pub(crate) fn returned(&self, error: Option<AppError>) -> bool {
        let mut state = self.state();
        let error = match (error, state.progress) {
            (_, Progress::Done) => return false,
            (Some(error), _) => error,
            (None, Progress::Silent) => AppError::new("returned without an answer"),
            (None, _) => AppError::new("returned before the end of its answer"),
        };
        match state.progress {
            Progress::Answering => state.plate.put(Err(error), true),
            _ => state.laid = Some(Err(error)),
        }
        state.progress = Progress::Done;
        true
    }
}
// ANCHOR_END: conversation

// ANCHOR: events
pub(crate) fn required<'py>(
    event: &Bound<'py, PyDict>,
    key: &Bound<'py, pyo3::types::PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let found = event.get_item(key)?;
    found.ok_or_else(|| PyTypeError::new_err(format!("an event without {key:?}")))
}

/// Status and headers of an event.
pub(crate) fn head(event: &Bound<'_, PyDict>) -> PyResult<(String, Vec<(String, String)>)> {
    let code: u16 = required(event, intern!(event.py(), "status"))?.extract()?;
    let headers = headers(event)?;
    Ok((format!("{code} {}", reason(code)), headers))
}

/// The headers of an event. Those about the connection are the server's, and left out: they may
/// come from another server behind the application.
pub(crate) fn headers(event: &Bound<'_, PyDict>) -> PyResult<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let Some(headers) = event.get_item(intern!(event.py(), "headers"))? else {
        return Ok(pairs);
    };
    for pair in headers.try_iter()? {
        let pair = pair?;
        let name = latin1(&bytes(&pair.get_item(0)?)?).into_owned();
        let value = latin1(&bytes(&pair.get_item(1)?)?).into_owned();
        if !is_about_the_connection(&name) {
            lesson03::check_header(&name, &value)
                .map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
            pairs.push((name, value));
        }
    }
    Ok(pairs)
}

fn is_about_the_connection(name: &str) -> bool {
    let those = ["connection", "keep-alive", "transfer-encoding", "upgrade"];
    those.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Says how long the body is that comes in slices, unless the application has.
fn announce(length: usize, status: &str, headers: &mut Vec<(String, String)>) {
    if may_have_length(status, headers.iter().map(|(name, _)| &**name)) {
        headers.push(("Content-Length".to_owned(), length.to_string()));
    }
}

pub(crate) fn bytes(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    Ok(byte_string(value)?.as_bytes().to_vec())
}

/// Bytes as they are; and what somebody could still change as a copy.
fn byte_string<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.clone());
    }
    let can_change =
        value.is_instance_of::<PyByteArray>() || value.is_instance_of::<PyMemoryView>();
    if !can_change {
        let kind = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "bytes are wanted here, not {kind}"
        )));
    }
    let copy = value.py().get_type::<PyBytes>().call1((value,))?;
    Ok(copy.cast_into()?)
}

pub(crate) fn unexpected(kind: &str) -> PyErr {
    PyRuntimeError::new_err(format!(
        "{kind:?} was sent when nothing of that kind may be sent"
    ))
}

// What `send` raises when nobody is there any more: an `OSError`, as the specification asks.
pyo3::create_exception!(lesson13, ClientGone, PyBrokenPipeError);

pub(crate) fn gone() -> PyErr {
    ClientGone::new_err("the client has gone")
}

/// The words for a status, which ASGI leaves to the server (RFC 9110 §15).
fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
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
        410 => "Gone",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
// ANCHOR_END: events
