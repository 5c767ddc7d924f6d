//! `start_response` and `write`, as Python calls them.

// ANCHOR: imports
use std::cell::{Cell, RefCell};
use std::io::Write;

use lesson03::{StartError, StartResponse, Writer, check_header, check_status};
use pyo3::exceptions::{PyAssertionError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use scoped_tls_hkt::scoped_thread_local;

use crate::pieces::SLICE;
// ANCHOR_END: imports

// ANCHOR: start
/// The callable that an application is given (PEP 3333, "The `start_response()` Callable").
///
/// Rust's own is consumed by its call, and cannot be called twice. Python's can, so what it is
/// called with is kept here until the first byte of the body must leave.
#[pyclass(module = "lesson13")]
#[derive(Default)]
pub(crate) struct Start {
    said: Option<Said>,
    is_called: bool,
    /// Whether the head has left, or is as good as gone.
    pub(crate) is_sent: bool,
}

/// How an answer begins. The strings are kept and not the list that they came in: what was looked
/// at is what is sent.
struct Said {
    status: Py<PyString>,
    headers: Vec<(Py<PyString>, Py<PyString>)>,
}

#[pymethods]
impl Start {
    #[pyo3(signature = (status, headers, exc_info=None, /))]
    fn __call__(
        &mut self,
        status: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        exc_info: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = status.py();
        let exc_info = exc_info.filter(|exc_info| !exc_info.is_none());
        match exc_info {
            Some(exc_info) if self.is_sent => return Err(raised(exc_info)?),
            None if self.is_called => {
                let message = "start_response was called before, and there is no exc_info";
                return Err(PyAssertionError::new_err(message));
            }
            _ => {}
        }
        self.is_called = true;
        self.said = None;
        let status = status
            .cast::<PyString>()
            .map_err(|_| wrong("a status", "str", status))?;
        let headers = headers
            .cast::<PyList>()
            .map_err(|_| wrong("headers", "list", headers))?;
        self.said = Some(checked(status, headers)?);
        write_callable(py)
    }
}

/// The exception in an `exc_info`.
fn raised(exc_info: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let parts = exc_info.cast::<PyTuple>()?;
    Ok(PyErr::from_value(parts.get_item(1)?))
}

fn wrong(what: &str, kind: &str, given: &Bound<'_, PyAny>) -> PyErr {
    let name = given.get_type().name();
    let name = name.map_or_else(|_| "?".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("{what} must be {kind}, not {name}"))
}

/// Refuses what no answer may begin with, while the application is still there to be blamed.
fn checked(status: &Bound<'_, PyString>, headers: &Bound<'_, PyList>) -> PyResult<Said> {
    check_status(status.to_str()?).map_err(refused)?;
    let pair = |header: Bound<'_, PyAny>| {
        let pair = header
            .cast::<PyTuple>()
            .map_err(|_| wrong("a header", "tuple", &header))?;
        let (name, value) = name_and_value(pair)?;
        check_header(name.to_str()?, value.to_str()?).map_err(refused)?;
        Ok((name.unbind(), value.unbind()))
    };
    Ok(Said {
        status: status.clone().unbind(),
        headers: headers.iter().map(pair).collect::<PyResult<_>>()?,
    })
}

fn refused(error: StartError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn name_and_value<'py>(
    pair: &Bound<'py, PyTuple>,
) -> PyResult<(Bound<'py, PyString>, Bound<'py, PyString>)> {
    if pair.len() != 2 {
        return Err(PyTypeError::new_err("a header is a tuple of two strings"));
    }
    let text = |what, item: Bound<'py, PyAny>| match item.cast_into::<PyString>() {
        Ok(text) => Ok(text),
        Err(error) => Err(wrong(what, "str", &error.into_inner())),
    };
    let name = text("the name of a header", pair.get_item(0)?)?;
    Ok((name, text("the value of a header", pair.get_item(1)?)?))
}
// ANCHOR_END: start

// ANCHOR: turn
/// The answer that the application of this thread is about to begin.
///
/// It borrows Rust's `start_response`, which lives as long as the call and no longer. An object of
/// Python may live for ever and can borrow nothing. So the borrowed part lies in a place of the
/// thread for as long as the call takes, where `write` finds it.
pub(crate) struct Opening<'a, 'w, 'py> {
    start: Cell<Option<StartResponse<'a, 'w>>>,
    writer: RefCell<Option<Writer<'w>>>,
    said: Bound<'py, Start>,
}

trait Writes {
    fn write(&self, data: &[u8]) -> PyResult<()>;
}

scoped_thread_local!(static OPENING: for<'o> &'o (dyn Writes + 'o));

impl<'a, 'w, 'py> Opening<'a, 'w, 'py> {
    /// The opening of an answer for which the application will call `said`.
    pub(crate) fn new(
        start: StartResponse<'a, 'w>,
        said: Bound<'py, Start>,
    ) -> Opening<'a, 'w, 'py> {
        Opening {
            start: Cell::new(Some(start)),
            writer: RefCell::new(None),
            said,
        }
    }

    /// Calls the application, or its body for the first piece.
    pub(crate) fn during<R>(&self, call: impl FnOnce() -> R) -> R {
        OPENING.set(self, call)
    }

    /// The head leaves, if it has not left. `length` is that of the body, if somebody knows it and
    /// the gateway cannot.
    pub(crate) fn begin(&self, length: Option<usize>) -> PyResult<()> {
        let Some(start) = self.start.take() else {
            return Ok(());
        };
        let py = self.said.py();
        let mut said = self.said.borrow_mut();
        let Some(Said { status, headers }) = said.said.take() else {
            self.start.set(Some(start));
            let message = "the application has not called start_response";
            return Err(PyAssertionError::new_err(message));
        };
        said.is_sent = true;
        drop(said);
        let mut pairs: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| Ok((name.to_str(py)?, value.to_str(py)?)))
            .collect::<PyResult<_>>()?;
        let status = status.to_str(py)?;
        let length = length.map(|length| length.to_string());
        if let Some(length) = &length
            && may_have_length(status, pairs.iter().map(|(name, _)| *name))
        {
            pairs.push(("Content-Length", length));
        }
        let writer = start.begin(status, &pairs).map_err(refused)?;
        *self.writer.borrow_mut() = Some(writer);
        Ok(())
    }

    /// How long the application has said that its body is.
    pub(crate) fn length(&self) -> PyResult<Option<u64>> {
        let py = self.said.py();
        let said = self.said.borrow();
        let headers = said.said.iter().flat_map(|said| &said.headers);
        for (name, value) in headers {
            if name.to_str(py)?.eq_ignore_ascii_case("content-length") {
                return Ok(value.to_str(py)?.parse().ok());
            }
        }
        Ok(None)
    }
}

/// Whether the length of its body can be said in a head that has these names already. A 304 has no
/// body, and so none that has a length.
pub(crate) fn may_have_length<'n>(status: &str, mut names: impl Iterator<Item = &'n str>) -> bool {
    !status.starts_with("304") && !names.any(|name| name.eq_ignore_ascii_case("content-length"))
}

impl Writes for Opening<'_, '_, '_> {
    fn write(&self, data: &[u8]) -> PyResult<()> {
        if data.is_empty() {
            return Ok(());
        }
        self.begin(None)?;
        match &mut *self.writer.borrow_mut() {
            // Each slice leaves before the next one is copied.
            Some(writer) => Ok(data
                .chunks(SLICE)
                .try_for_each(|data| writer.write_all(data))?),
            None => Ok(()),
        }
    }
}
// ANCHOR_END: turn

// ANCHOR: write
/// What `start_response` returns: sends at once. It is the same object for everybody, and finds
/// the answer that it belongs to by the thread that calls it.
#[pyfunction]
#[pyo3(signature = (data, /))]
pub(crate) fn write(data: &Bound<'_, PyBytes>) -> PyResult<()> {
    if !OPENING.is_set() {
        let message = "write is for the time until the application returns, on its own thread";
        return Err(PyRuntimeError::new_err(message));
    }
    OPENING.with(|opening| opening.write(data.as_bytes()))
}

fn write_callable(py: Python<'_>) -> PyResult<Py<PyAny>> {
    use pyo3::sync::PyOnceLock;
    static WRITE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = WRITE.get_or_try_init(py, || {
        let made = pyo3::wrap_pyfunction!(write, py)?;
        Ok::<_, PyErr>(made.into_any().unbind())
    });
    Ok(made?.clone_ref(py))
}
// ANCHOR_END: write
