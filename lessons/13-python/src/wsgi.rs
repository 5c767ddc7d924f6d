//! A WSGI application, written in Python.

// ANCHOR: imports
use std::io;
use std::os::fd::AsFd;
use std::task::Waker;
use std::time::{Duration, Instant};

use lesson03::{
    AppError, Application, Behind, Body, Deployment, Environ, StartResponse, Transport,
};
use lesson07::Conversation;
use lesson09::Token;
use lesson10::{Moved, Pipe};
use pyo3::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::environ::{Template, file_wrapper};
use crate::failure::{ErrorLog, failure};
use crate::line::{Performed, Stage, Workplace};
use crate::pieces::Pieces;
use crate::start::{Opening, Start};
// ANCHOR_END: imports

// ANCHOR: wsgi
/// An application in Python, as one of ours.
pub(crate) struct WsgiApplication {
    app: Py<PyAny>,
    template: Template,
    file_wrapper: Py<PyAny>,
}

impl WsgiApplication {
    /// The application `app` on a server.
    pub(crate) fn new(
        py: Python<'_>,
        app: Py<PyAny>,
        deployment: &Deployment,
    ) -> PyResult<WsgiApplication> {
        let errors = Py::new(py, ErrorLog::default())?.into_any();
        Ok(WsgiApplication {
            app,
            template: Template::new(py, deployment, errors)?,
            file_wrapper: file_wrapper(py)?.unbind(),
        })
    }

    /// Calls it, up to the first piece of its body.
    fn call(
        &self,
        py: Python<'_>,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> PyResult<Body> {
        let dict = self.template.environ(py, environ)?;
        let start = Bound::new(py, Start::default())?;
        let opening = Opening::new(start_response, start.clone());
        let mut pieces = opening.during(|| {
            let returned = self.app.bind(py).call1((dict, start))?;
            let mut pieces = Pieces::new(returned)?;
            pieces.find_first(py)?;
            Ok::<_, PyErr>(pieces)
        })?;
        if pieces.is_a(self.file_wrapper.bind(py)) {
            pieces.limit(opening.length()?);
        }
        opening.begin(pieces.length(py))?;
        Ok(pieces.into_body(py))
    }
}

impl Application for WsgiApplication {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        // This thread is attached for life, so this is no more than a look whether it is.
        Python::attach(|py| {
            let body = self.call(py, environ, start_response);
            body.map_err(|error| failure(py, &error))
        })
    }
}
// ANCHOR_END: wsgi

// ANCHOR: stage
/// Where WSGI applications work: here and now, on the thread that has the baton.
pub(crate) struct HereAndNow;

impl Stage for HereAndNow {
    fn perform(
        &self,
        _token: Token,
        pipe: &mut Pipe,
        conversation: &mut Conversation,
        workplace: &mut Workplace,
    ) -> Performed {
        let limits = &workplace.house.gateway.settings.limits;
        let mut patient = Patient {
            pipe,
            sent: 0,
            write_timeout: limits.write_timeout,
        };
        let papers = &mut workplace.papers;
        conversation.work(&workplace.house, papers, Some(&mut patient));
        Performed::GoOn
    }

    fn waker(&self, _token: Token) -> Waker {
        Waker::noop().clone()
    }
}

/// A connection for `write`, which may wait; but not with the interpreter's lock in its hand.
struct Patient<'p> {
    pipe: &'p mut Pipe,
    sent: u64,
    write_timeout: Duration,
}

impl Transport for Patient<'_> {
    /// The body has been gathered before.
    fn read(&mut self, _into: &mut [u8], _deadline: Instant) -> io::Result<usize> {
        Ok(0)
    }

    fn send(&mut self, mut bytes: &[u8], behind: Behind) -> io::Result<()> {
        let mut patience = None;
        while !bytes.is_empty() {
            let lost_at = Instant::now() + self.write_timeout;
            match self.pipe.write(bytes, behind, &mut patience, lost_at) {
                Moved::Again => {}
                Moved::Bytes(count) => {
                    bytes = &bytes[count..];
                    self.sent += count as u64;
                }
                Moved::Blocked => wait_for_room(self.pipe, patience.unwrap_or(lost_at))?,
                Moved::Gone => return Err(io::ErrorKind::BrokenPipe.into()),
            }
        }
        Ok(())
    }

    fn sent(&self) -> u64 {
        self.sent
    }
}

fn wait_for_room(pipe: &Pipe, until: Instant) -> io::Result<()> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let left = Timespec::try_from(left).ok();
    let socket = pipe.stream().socket().as_fd();
    Python::attach(|py| {
        py.detach(|| {
            // Whatever comes of it shows in the next attempt to write.
            let _ = poll(&mut [PollFd::new(&socket, PollFlags::OUT)], left.as_ref());
        });
    });
    Ok(())
}
// ANCHOR_END: stage
