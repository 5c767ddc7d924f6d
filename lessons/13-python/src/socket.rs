//! One WebSocket of an ASGI application.

// ANCHOR: imports
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Instant;

use lesson03::{AppError, Body, Protocol};
use lesson09::{
    Handshake, Message, Session, Socket, SocketHandle, SocketRules, Token, WebSocket,
    WebSocketManager,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::answers::Laid;
use crate::call::{bytes, gone, headers, required, unexpected};
use crate::playing::Playing;
use crate::waiting::Waiting;
// ANCHOR_END: imports

// ANCHOR: socket
/// A call of the application for a WebSocket. Its two methods are what the application is given.
#[pyclass(module = "lesson13", frozen)]
pub(crate) struct SocketCall {
    token: Token,
    playing: Arc<Playing>,
    handshake: Handshake,
    rules: Arc<SocketRules>,
    manager: WebSocketManager,
    state: Mutex<State>,
}

struct State {
    /// What has happened and was not received.
    events: VecDeque<Event>,
    /// The answer to the handshake, until the conversation takes it.
    laid: Option<Result<Laid, AppError>>,
    is_taken: bool,
    progress: Progress,
    handle: Option<SocketHandle>,
    /// Whether bytes wait for the application to receive what it has.
    is_paused: bool,
    receiving: Waiting,
    sending: Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Asked,
    Accepted,
    Closed,
}

enum Event {
    Connect,
    Text(String),
    Binary(Vec<u8>),
    Disconnect(u16, String),
}

/// So many messages wait for an application that does not receive them; then we read no more.
const MOST_EVENTS: usize = 32;

impl SocketCall {
    /// A call for a handshake that is in order.
    pub(crate) fn new(
        token: Token,
        playing: Arc<Playing>,
        handshake: Handshake,
        rules: Arc<SocketRules>,
        manager: WebSocketManager,
    ) -> SocketCall {
        SocketCall {
            token,
            playing,
            handshake,
            rules,
            manager,
            state: Mutex::new(State {
                events: VecDeque::from([Event::Connect]),
                laid: None,
                is_taken: false,
                progress: Progress::Asked,
                handle: None,
                is_paused: false,
                receiving: Waiting::default(),
                sending: Waiting::default(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to the handshake, if the application has said what it is.
    pub(crate) fn take_laid(&self) -> Option<Result<Laid, AppError>> {
        let mut state = self.state();
        let laid = state.laid.take();
        state.is_taken |= laid.is_some();
        laid
    }

    /// Whether it has been taken.
    pub(crate) fn is_taken(&self) -> bool {
        self.state().is_taken
    }

    fn happened(&self, py: Python<'_>, event: Event) -> PyResult<()> {
        let mut state = self.state();
        let waiting = std::mem::take(&mut state.receiving);
        if !waiting.is_any() {
            state.events.push_back(event);
            return Ok(());
        }
        drop(state);
        waiting.end(py, event.show(py)?)
    }
}

impl Event {
    fn show<'py>(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let event = PyDict::new(py);
        let kind = match self {
            Event::Connect => intern!(py, "websocket.connect"),
            Event::Text(text) => {
                event.set_item(intern!(py, "text"), text)?;
                intern!(py, "websocket.receive")
            }
            Event::Binary(data) => {
                event.set_item(intern!(py, "bytes"), PyBytes::new(py, &data))?;
                intern!(py, "websocket.receive")
            }
            Event::Disconnect(code, reason) => {
                event.set_item(intern!(py, "code"), code)?;
                event.set_item(intern!(py, "reason"), reason)?;
                intern!(py, "websocket.disconnect")
            }
        };
        event.set_item(intern!(py, "type"), kind)?;
        Ok(event.into_any())
    }
}
// ANCHOR_END: socket

// ANCHOR: methods
#[pymethods]
impl SocketCall {
    fn receive<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut state = self.state();
        let Some(event) = state.events.pop_front() else {
            let waiting = state.receiving.begin();
            drop(state);
            return waiting.wait(py, &self.playing);
        };
        let goes_on = state.is_paused && state.events.len() <= MOST_EVENTS / 2;
        state.is_paused &= !goes_on;
        if let Event::Disconnect(code, reason) = &event {
            // Whoever receives once more hears the same.
            let again = Event::Disconnect(*code, reason.clone());
            state.events.push_back(again);
        }
        drop(state);
        if goes_on {
            self.playing.hall.lock().floor.call(self.token);
            self.playing.soon(py);
        }
        self.playing.here(py, event.show(py)?)
    }

    fn send<'py>(
        &self,
        py: Python<'py>,
        event: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let kind = required(event, intern!(py, "type"))?;
        match kind.extract::<&str>()? {
            "websocket.accept" => self.accept(event)?,
            "websocket.send" => self.post(event)?,
            "websocket.close" => self.close(event)?,
            other => return Err(unexpected(other)),
        }
        if !self.playing.play(py, self.token) {
            return self.playing.nothing(py);
        }
        let waiting = self.state().sending.begin();
        waiting.wait(py, &self.playing)
    }
}

impl SocketCall {
    fn accept(&self, event: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = event.py();
        let mut answer = headers(event)?;
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut all: Vec<_> = self.handshake.headers().into_iter().map(own).collect();
        if let Some(protocol) = event.get_item(intern!(py, "subprotocol"))?
            && !protocol.is_none()
        {
            all.push(("Sec-WebSocket-Protocol".to_owned(), protocol.extract()?));
        }
        all.append(&mut answer);
        let mut state = self.state();
        match state.progress {
            Progress::Asked => {}
            Progress::Accepted => return Err(unexpected("websocket.accept")),
            Progress::Closed => return Err(gone()),
        }
        state.progress = Progress::Accepted;
        state.laid = Some(Ok(Laid {
            status: "101 Switching Protocols".to_owned(),
            headers: all,
            body: Body::Empty, // Put there by whoever takes it: the protocol holds this call.
        }));
        Ok(())
    }

    fn post(&self, event: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = event.py();
        let handle = self.handle()?;
        let data = event.get_item(intern!(py, "bytes"))?;
        let sent = match data.filter(|data| !data.is_none()) {
            Some(data) => handle.send(Message::Binary(&bytes(&data)?)),
            None => {
                let text = required(event, intern!(py, "text"))?;
                handle.send(Message::Text(text.cast::<PyString>()?.to_str()?))
            }
        };
        sent.map_err(|_| gone())
    }

    fn handle(&self) -> PyResult<SocketHandle> {
        let state = self.state();
        match (state.progress, &state.handle) {
            (Progress::Accepted, Some(handle)) => Ok(handle.clone()),
            (Progress::Asked, _) => Err(unexpected("websocket.send")),
            _ => Err(gone()),
        }
    }

    fn close(&self, event: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = event.py();
        let code = event.get_item(intern!(py, "code"))?;
        let code: u16 = code.map_or(Ok(1000), |code| code.extract())?;
        let reason = event.get_item(intern!(py, "reason"))?;
        let reason: Option<String> = reason.map_or(Ok(None), |reason| reason.extract())?;
        if !lesson09::close::may_be_sent(code) {
            let message = format!("{code} is no number to close with");
            return Err(pyo3::exceptions::PyValueError::new_err(message));
        }
        let was = self.state().progress;
        match was {
            Progress::Asked => self.refuse("403 Forbidden"),
            Progress::Accepted => self.handle()?.close(code, &reason.unwrap_or_default()),
            Progress::Closed => return Err(gone()),
        }
        self.state().progress = Progress::Closed;
        Ok(())
    }

    fn refuse(&self, status: &str) {
        self.state().laid = Some(Ok(Laid {
            status: status.to_owned(),
            headers: Vec::new(),
            body: Body::Empty,
        }));
    }

    /// The application has returned, or has failed. True: the conversation has to hear of it.
    pub(crate) fn returned(&self, error: Option<AppError>) -> bool {
        let (was, handle) = {
            let mut state = self.state();
            let was = std::mem::replace(&mut state.progress, Progress::Closed);
            (was, state.handle.clone())
        };
        let code = if error.is_some() { 1011 } else { 1000 };
        match (was, handle) {
            (Progress::Asked, _) => {
                let error = error.unwrap_or_else(|| AppError::new("returned without an answer"));
                self.state().laid = Some(Err(error));
            }
            (Progress::Accepted, Some(handle)) => handle.close(code, ""),
            _ => return false,
        }
        true
    }

    /// The client has gone.
    pub(crate) fn client_left(&self, py: Python<'_>) -> PyResult<()> {
        let mut state = self.state();
        if state.handle.is_some() || state.progress == Progress::Closed {
            return Ok(()); // Its session tells.
        }
        state.progress = Progress::Closed;
        drop(state);
        self.happened(py, Event::Disconnect(1006, String::new()))
    }

    /// What was sent has left.
    pub(crate) fn has_room(&self, py: Python<'_>) -> PyResult<()> {
        let waiting = std::mem::take(&mut self.state().sending);
        waiting.end(py, py.None().into_bound(py))
    }
}
// ANCHOR_END: methods

// ANCHOR: session
/// The body of a 101: lesson 9's session, with this call as its handler. `None`: there is no room
/// for one more.
pub(crate) fn session(call: Py<SocketCall>, py: Python<'_>) -> Option<Box<dyn Protocol>> {
    let this = call.get();
    let handler = Handler(call.clone_ref(py));
    let session = Session::new(handler, &this.manager, &this.rules)?;
    Some(Box::new(Paced { session, call }))
}

struct Handler(Py<SocketCall>);

impl Handler {
    fn happened(&self, event: Event) {
        Python::attach(|py| {
            if let Err(error) = self.0.get().happened(py, event) {
                crate::failure::say_traceback(py, &error);
            }
        });
    }
}

impl WebSocket for Handler {
    fn opened(&mut self, socket: &mut Socket<'_>) {
        self.0.get().state().handle = Some(socket.handle());
    }

    fn received_message(&mut self, message: Message<'_>, _socket: &mut Socket<'_>) {
        self.happened(match message {
            Message::Text(text) => Event::Text(text.to_owned()),
            Message::Binary(data) => Event::Binary(data.to_owned()),
        });
    }

    fn closed(&mut self, code: u16, reason: &str) {
        let call = self.0.get();
        call.state().progress = Progress::Closed;
        self.happened(Event::Disconnect(code, reason.to_owned()));
        Python::attach(|py| {
            let waiting = std::mem::take(&mut call.state().sending);
            if let Err(error) = waiting.fail(py, gone()) {
                crate::failure::say_traceback(py, &error);
            }
        });
    }
}

/// A session that takes nothing while its application has enough to receive.
struct Paced {
    session: Session,
    call: Py<SocketCall>,
}

impl Protocol for Paced {
    fn name(&self) -> &'static str {
        self.session.name()
    }

    fn open(&mut self, wake: Waker, out: &mut Vec<u8>) {
        self.session.open(wake, out);
    }

    fn receive(&mut self, bytes: &mut [u8], out: &mut Vec<u8>) -> usize {
        let mut state = self.call.get().state();
        if state.events.len() >= MOST_EVENTS && state.progress == Progress::Accepted {
            state.is_paused = true;
            return 0;
        }
        drop(state);
        self.session.receive(bytes, out)
    }

    fn poll(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<Instant> {
        self.session.poll(now, out)
    }

    fn is_over(&self) -> bool {
        self.session.is_over()
    }

    fn lost(&mut self) {
        self.session.lost();
    }
}
// ANCHOR_END: session
