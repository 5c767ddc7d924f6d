//! An ASGI application: it begins in one turn, and answers in another.

// ANCHOR: imports
use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Wake, Waker};

use lesson03::{AppError, Body, Environ, Transport};
use lesson07::{Arrived, Conversation};
use lesson09::{Handshake, SocketRules, Token, WebSocketManager};
use lesson10::{Calls, Pipe};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule};
use terminal::say;

use crate::answers::{Laid, lay};
use crate::call::{ClientGone, HttpCall};
use crate::failure::{failure, say_traceback};
use crate::hall::Hall;
use crate::line::{Performed, Stage, Workplace};
use crate::playing::{Playing, Python3};
use crate::reload::say_ready;
use crate::scope::Scopes;
use crate::socket::{SocketCall, session};
// ANCHOR_END: imports

// ANCHOR: elsewhere
/// Where ASGI applications work: in tasks of Python's event loop.
struct InTasks {
    playing: Arc<Playing>,
    app: Py<PyAny>,
    perform: Py<PyAny>,
    scopes: Scopes,
    rules: Arc<SocketRules>,
    manager: WebSocketManager,
    calls: Mutex<BTreeMap<Token, Called>>,
}

/// A call of the application that has not ended, or whose answer has not.
enum Called {
    Http(Py<HttpCall>),
    Socket(Py<SocketCall>),
}

impl Called {
    fn clone(&self, py: Python<'_>) -> Called {
        match self {
            Called::Http(call) => Called::Http(call.clone_ref(py)),
            Called::Socket(call) => Called::Socket(call.clone_ref(py)),
        }
    }

    fn is_taken(&self) -> bool {
        match self {
            Called::Http(call) => call.get().is_taken(),
            Called::Socket(call) => call.get().is_taken(),
        }
    }

    /// The answer that the application has laid, as the gateway takes it.
    fn take_laid(&self, py: Python<'_>) -> Option<Result<Laid, AppError>> {
        match self {
            Called::Http(call) => call.get().take_laid(),
            Called::Socket(call) => {
                let laid = call.get().take_laid()?;
                Some(laid.and_then(|laid| switch(laid, call.clone_ref(py), py)))
            }
        }
    }

    /// More of the request's body has come.
    fn body_came(&self, py: Python<'_>, came: Arrived) -> PyResult<()> {
        match self {
            Called::Http(call) => call.get().body_came(py, came),
            Called::Socket(_) => Ok(()), // A handshake has none.
        }
    }

    /// Whether the application waits for more of it.
    fn wants_more(&self, py: Python<'_>) -> PyResult<bool> {
        match self {
            Called::Http(call) => call.get().wants_more(py),
            Called::Socket(_) => Ok(false),
        }
    }

    /// The client sends nothing more, or has gone.
    fn client_left(&self, py: Python<'_>, is_closed: bool) -> PyResult<()> {
        match self {
            Called::Http(call) => call.get().client_left(py, is_closed),
            Called::Socket(call) => call.get().client_left(py),
        }
    }

    fn has_piece(&self) -> bool {
        match self {
            Called::Http(call) => call.get().has_piece(),
            Called::Socket(_) => false,
        }
    }
}

/// Gives a 101 its body, which is what comes after it.
fn switch(laid: Laid, call: Py<SocketCall>, py: Python<'_>) -> Result<Laid, AppError> {
    if !laid.status.starts_with("101") {
        return Ok(laid);
    }
    let Some(protocol) = session(call, py) else {
        return Err(AppError::new("there are as many sockets as may be"));
    };
    Ok(Laid {
        body: Body::Upgrade(protocol),
        ..laid
    })
}

impl InTasks {
    fn calls(&self) -> MutexGuard<'_, BTreeMap<Token, Called>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn called(&self, py: Python<'_>, token: Token) -> Option<Called> {
        self.calls().get(&token).map(|called| called.clone(py))
    }

    /// Begins a task for a request, of whose body this has come; or says at once what is wrong.
    fn begin(
        &self,
        py: Python<'_>,
        token: Token,
        environ: &mut Environ<'_>,
        came: Arrived,
    ) -> PyResult<Result<Called, Laid>> {
        let asks = environ.request().asks_for("websocket");
        let (called, scope, methods) = match asks {
            true => match Handshake::read(environ, &self.rules.origins, &[]) {
                Err(refusal) => return Ok(Err(refused(refusal))),
                Ok(handshake) => {
                    let (rules, manager) = (Arc::clone(&self.rules), self.manager.clone());
                    let playing = Arc::clone(&self.playing);
                    let call = SocketCall::new(token, playing, handshake, rules, manager);
                    let call = Bound::new(py, call)?;
                    let called = Called::Socket(call.clone().unbind());
                    (called, self.scopes.websocket(py, environ)?, call.into_any())
                }
            },
            false => {
                let call = HttpCall::new(token, Arc::clone(&self.playing), came);
                let call = Bound::new(py, call)?;
                let called = Called::Http(call.clone().unbind());
                (called, self.scopes.http(py, environ)?, call.into_any())
            }
        };
        let before = self.calls().insert(token, called.clone(py));
        if let Some(Called::Http(before)) = before {
            before.get().client_left(py, true)?; // It was answered, whatever else it has to say.
        }
        let returned = Returned {
            called: called.clone(py),
            playing: Arc::clone(&self.playing),
            token,
            task: None,
        };
        let returned = Bound::new(py, returned)?;
        let (receive, send) = (methods.getattr("receive")?, methods.getattr("send")?);
        let task = self
            .perform
            .bind(py)
            .call1((&self.app, scope, receive, send, &returned))?;
        let task = self.playing.begin(task)?;
        // Python itself only keeps a weak reference to a task.
        returned.borrow_mut().task = Some(task.unbind());
        Ok(Ok(called))
    }
}

fn refused(refusal: lesson09::Refusal) -> Laid {
    let mut headers = vec![(
        "Content-Type".to_owned(),
        "text/plain; charset=utf-8".to_owned(),
    )];
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    headers.extend(refusal.headers().iter().map(own));
    let status = refusal.status();
    Laid {
        status: status.to_owned(),
        headers,
        body: format!("{status}: {refusal}\n").into(),
    }
}
// ANCHOR_END: elsewhere

// ANCHOR: stage
impl Stage for InTasks {
    fn perform(
        &self,
        token: Token,
        _pipe: &mut Pipe,
        conversation: &mut Conversation,
        workplace: &mut Workplace,
    ) -> Performed {
        Python::attach(|py| {
            let Some(came) = conversation.take_in(&workplace.house, &mut workplace.papers) else {
                self.tell(token, |py, called| called.client_left(py, true));
                return Performed::GoOn;
            };
            let called = match self.ask(py, token, came, conversation, workplace) {
                Ok(called) => called,
                Err(laid) => {
                    lay(laid);
                    None
                }
            };
            if let Some(called) = called {
                match called.take_laid(py) {
                    Some(laid) => lay(laid),
                    None if called.has_piece() => {}
                    None => return self.wait(py, &called, conversation, workplace),
                }
            }
            let Workplace { house, papers, .. } = workplace;
            conversation.work(house, papers, None::<&mut dyn Transport>);
            Performed::GoOn
        })
    }

    fn client_left(&self, token: Token) {
        self.tell(token, |py, called| called.client_left(py, false));
    }

    fn has_left(&self, token: Token) {
        self.tell(token, |py, called| called.client_left(py, true));
        let called = self.calls().remove(&token);
        drop(called);
    }

    fn has_room(&self, token: Token) {
        self.tell(token, |py, called| match called {
            Called::Http(_) => Ok(()),
            Called::Socket(call) => call.get().has_room(py),
        });
    }

    fn waker(&self, token: Token) -> Waker {
        let calls = Arc::clone(&self.playing.hall.calls);
        Waker::from(Arc::new(OneLine { calls, token }))
    }
}

impl InTasks {
    /// The call for the request at hand: it begins, or is told what has come of its body.
    fn ask(
        &self,
        py: Python<'_>,
        token: Token,
        came: Arrived,
        conversation: &Conversation,
        workplace: &mut Workplace,
    ) -> Result<Option<Called>, Result<Laid, AppError>> {
        let Workplace { house, papers, .. } = workplace;
        let before = self.called(py, token);
        let is_new = before.as_ref().is_none_or(Called::is_taken);
        let mut came = Some(came);
        let asked = conversation.show(house, papers, |environ| match &before {
            Some(before) if !is_new => Ok(Ok(before.clone(py))),
            _ => self.begin(py, token, environ, came.take().unwrap_or_default()),
        });
        let called = match asked {
            Some(Ok(Ok(called))) => Some(called),
            Some(Ok(Err(laid))) => return Err(Ok(laid)),
            Some(Err(error)) => return Err(Err(failure(py, &error))),
            None => before, // It is being answered.
        };
        if let (Some(called), Some(came)) = (&called, came)
            && let Err(error) = called.body_came(py, came)
        {
            say_traceback(py, &error);
        }
        Ok(called)
    }

    /// The application has nothing to show: it works, or waits for its client.
    fn wait(
        &self,
        py: Python<'_>,
        called: &Called,
        conversation: &mut Conversation,
        workplace: &mut Workplace,
    ) -> Performed {
        self.has_left_room(py, called);
        let wants_more = called.wants_more(py).unwrap_or_else(|error| {
            say_traceback(py, &error);
            false
        });
        if !wants_more {
            return Performed::Works;
        }
        match conversation.want_more(&mut workplace.papers, workplace.now) {
            Some(until) => Performed::WantsMore(until),
            None => Performed::GoOn,
        }
    }

    fn tell(&self, token: Token, tell: impl FnOnce(Python<'_>, &Called) -> PyResult<()>) {
        Python::attach(|py| {
            if let Some(called) = self.called(py, token)
                && let Err(error) = tell(py, &called)
            {
                say_traceback(py, &error);
            }
        });
    }

    /// Everything of this answer has left, and there is room for more.
    fn has_left_room(&self, py: Python<'_>, called: &Called) {
        if let Called::Http(call) = called
            && let Err(error) = call.get().has_room(py)
        {
            say_traceback(py, &error);
        }
    }
}

/// Wakes the loop for one line.
struct OneLine {
    calls: Arc<Calls<Token>>,
    token: Token,
}

impl Wake for OneLine {
    fn wake(self: Arc<OneLine>) {
        self.calls.call(self.token);
    }
}

/// What a task calls at its end.
#[pyclass(module = "lesson13")]
struct Returned {
    called: Called,
    playing: Arc<Playing>,
    token: Token,
    task: Option<Py<PyAny>>,
}

#[pymethods]
impl Returned {
    /// The application has returned, or has raised this.
    #[pyo3(signature = (error=None))]
    fn __call__(&mut self, py: Python<'_>, error: Option<Bound<'_, PyAny>>) {
        self.task = None;
        let gone = || AppError::new("the client has gone");
        let error = error.map(|error| {
            if error.get_type().is(py.get_type::<ClientGone>()) {
                return gone(); // Ours, and no news for the log.
            }
            if stems_from_client_gone(&error) {
                say(format_args!("the client has gone: {}", error.get_type()));
                return gone();
            }
            failure(py, &PyErr::from_value(error))
        });
        let is_news = match &self.called {
            Called::Http(call) => call.get().returned(error),
            Called::Socket(call) => call.get().returned(error),
        };
        if is_news {
            self.playing.play(py, self.token);
        }
    }
}

/// Whether an error was raised because a client has gone: frameworks have a name of their own for
/// that. It may also be a fault in what the application does then, so the log has a line of it.
fn stems_from_client_gone(error: &Bound<'_, PyAny>) -> bool {
    ["__cause__", "__context__"].iter().any(|name| {
        let before = error.getattr(*name);
        before.is_ok_and(|before| before.is_instance_of::<ClientGone>())
    })
}
// ANCHOR_END: stage

// ANCHOR: server
/// The server, as the module `asgi.py` sees it.
#[pyclass(module = "lesson13", frozen)]
pub(crate) struct AsgiServer {
    hall: Arc<Hall>,
    app: Py<PyAny>,
    perform: Py<PyAny>,
    rules: Arc<SocketRules>,
    manager: WebSocketManager,
    playing: OnceLock<Arc<Playing>>,
}

#[pymethods]
impl AsgiServer {
    /// Begins to serve on this event loop.
    fn open(
        this: Bound<'_, AsgiServer>,
        event_loop: Py<PyAny>,
        wait: Py<PyAny>,
        closed: Py<PyAny>,
        state: Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let py = this.py();
        let server = this.get();
        let turn = this.getattr("turn")?.unbind();
        let python = Python3 {
            event_loop,
            wait,
            turn,
            closed,
        };
        let playing = Arc::new(Playing::new(py, Arc::clone(&server.hall), python)?);
        let deployment = &server.hall.house.gateway.deployment;
        playing.set_stage(Box::new(InTasks {
            playing: Arc::clone(&playing),
            app: server.app.clone_ref(py),
            perform: server.perform.clone_ref(py),
            scopes: Scopes::new(py, deployment, &state)?,
            rules: Arc::clone(&server.rules),
            manager: server.manager.clone(),
            calls: Mutex::default(),
        }));
        let _ = server.playing.set(playing);
        say_ready(server.hall.address);
        Ok(())
    }

    /// Our epoll, as one of the loop's own descriptors.
    fn fileno(&self) -> i32 {
        self.hall.edges.as_fd().as_raw_fd()
    }

    /// Gives turns.
    fn turn(&self, py: Python<'_>) {
        if let Some(playing) = self.playing.get() {
            playing.turn(py);
        }
    }

    /// Logs an exception.
    fn say_failure(&self, py: Python<'_>, error: Bound<'_, PyAny>) {
        say_traceback(py, &PyErr::from_value(error));
    }
}

/// Serves until everybody has gone. False: the application did not want to begin, or to end.
pub(crate) fn serve(
    py: Python<'_>,
    app: Py<PyAny>,
    hall: Arc<Hall>,
    rules: SocketRules,
    manager: WebSocketManager,
    event_loop: Option<&str>,
) -> PyResult<bool> {
    let code = CString::new(include_str!("asgi.py"))?;
    let module = PyModule::from_code(py, &code, c"asgi.py", c"lesson13_asgi")?;
    let server = AsgiServer {
        hall,
        app: app.clone_ref(py),
        perform: module.getattr("perform")?.unbind(),
        rules: Arc::new(rules),
        manager,
        playing: OnceLock::new(),
    };
    let server = Bound::new(py, server)?;
    module
        .getattr("run")?
        .call1((app, server, event_loop))?
        .extract()
}
// ANCHOR_END: server
