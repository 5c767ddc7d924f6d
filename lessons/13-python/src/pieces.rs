//! The body that an application returns: any iterable of byte strings.

// ANCHOR: imports
use lesson03::{AppError, Body};
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList, PyTuple};

use crate::failure::{failure, say_traceback};
// ANCHOR_END: imports

// ANCHOR: slices
/// A byte string of Python's that is taken slice by slice. It may be as large as a film, and a copy
/// for each client that does not read would be a film for each of them, made with the lock in hand.
pub(crate) struct Slices {
    bytes: Py<PyBytes>,
    taken: usize,
}

/// So much is taken at once.
pub(crate) const SLICE: usize = 64 * 1024;

impl Slices {
    pub(crate) fn of(bytes: &Bound<'_, PyBytes>) -> Slices {
        Slices {
            bytes: bytes.clone().unbind(),
            taken: 0,
        }
    }

    /// How long all of it is.
    pub(crate) fn length(&self, py: Python<'_>) -> usize {
        self.bytes.as_bytes(py).len()
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self, py: Python<'_>) -> bool {
        self.taken == self.length(py)
    }

    /// The next slice.
    pub(crate) fn take(&mut self, py: Python<'_>) -> Vec<u8> {
        let left = &self.bytes.as_bytes(py)[self.taken..];
        let slice = &left[..left.len().min(SLICE)];
        self.taken += slice.len();
        slice.to_vec()
    }
}
// ANCHOR_END: slices

// ANCHOR: pieces
/// What is left of a body.
pub(crate) struct Pieces {
    iterable: Py<PyAny>,
    iterator: Option<Py<PyIterator>>,
    /// What is left of the piece that the iterator has made last.
    piece: Option<Slices>,
    /// The piece that was asked for before the head could leave.
    first: Option<Vec<u8>>,
    /// Whether it has exactly one piece, so that its length is known.
    is_only: bool,
    /// Whether it is a list or a tuple, which have no `close()`. To ask them for one would cost as
    /// much as a small application: Python makes an exception to say no.
    is_plain: bool,
    /// How much of a file is to be sent, if somebody has said so.
    left: Option<u64>,
}

impl Pieces {
    /// The body that an application has returned.
    pub(crate) fn new(iterable: Bound<'_, PyAny>) -> PyResult<Pieces> {
        let mut pieces = Pieces {
            is_only: length(&iterable) == Some(1),
            is_plain: iterable.is_exact_instance_of::<PyList>()
                || iterable.is_exact_instance_of::<PyTuple>(),
            iterable: iterable.clone().unbind(),
            iterator: None,
            piece: None,
            first: None,
            left: None,
        };
        let iterator = iterable.try_iter();
        pieces.iterator = Some(iterator?.unbind());
        Ok(pieces)
    }

    /// Asks for pieces until there is one that is not empty: only then must the head leave, and
    /// only then must `start_response` have been called.
    pub(crate) fn find_first(&mut self, py: Python<'_>) -> PyResult<()> {
        while self.first.is_none()
            && let Some(piece) = self.next_piece(py)?
        {
            self.first = Some(piece).filter(|piece| !piece.is_empty());
        }
        Ok(())
    }

    fn next_piece(&mut self, py: Python<'_>) -> PyResult<Option<Vec<u8>>> {
        if let Some(piece) = self.piece.take_if(|piece| !piece.is_empty(py)) {
            return Ok(Some(self.piece.insert(piece).take(py)));
        }
        let Some(iterator) = &self.iterator else {
            return Ok(None);
        };
        match iterator.bind(py).clone().next().transpose() {
            Ok(Some(piece)) => match piece.cast::<PyBytes>() {
                Ok(bytes) => Ok(Some(self.piece.insert(Slices::of(bytes)).take(py))),
                Err(_) => {
                    self.iterator = None;
                    let kind = piece.get_type();
                    let message = format!("a piece of a body must be bytes, not {kind}");
                    Err(PyTypeError::new_err(message))
                }
            },
            other => {
                self.iterator = None;
                other.map(|_| None)
            }
        }
    }

    /// Whether it was made by this class.
    pub(crate) fn is_a(&self, class: &Bound<'_, PyAny>) -> bool {
        self.iterable.bind(class.py()).get_type().is(class)
    }

    /// Sends no more than this.
    pub(crate) fn limit(&mut self, length: Option<u64>) {
        self.left = length;
    }

    /// How long the body is, if it is one piece of which a part is still to come.
    pub(crate) fn length(&self, py: Python<'_>) -> Option<usize> {
        let piece = self.piece.as_ref().filter(|piece| !piece.is_empty(py))?;
        self.is_only.then(|| piece.length(py))
    }

    /// The body as the gateway knows it. A list can be let go of at once; everything else may have
    /// a `close()`, which is for when all has been sent.
    pub(crate) fn into_body(mut self, py: Python<'_>) -> Body {
        if self.piece.as_ref().is_some_and(|piece| !piece.is_empty(py)) {
            self.is_only = false; // Not for whoever takes it slice by slice.
        }
        match self.is_plain && self.is_only {
            true => self.first.take().unwrap_or_default().into(),
            false => Body::Chunks(Box::new(self)),
        }
    }
}

/// How many pieces it has, if it says so (PEP 3333, "Handling the `Content-Length` Header").
fn length(iterable: &Bound<'_, PyAny>) -> Option<usize> {
    if let Ok(list) = iterable.cast_exact::<PyList>() {
        return Some(list.len());
    }
    iterable.len().ok()
}
// ANCHOR_END: pieces

// ANCHOR: iterate
impl Iterator for Pieces {
    type Item = Result<Vec<u8>, AppError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == Some(0) {
            return None;
        }
        let next = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => Python::attach(|py| {
                let next = self.next_piece(py);
                next.map_err(|error| failure(py, &error)).transpose()
            }),
        };
        match (next, &mut self.left) {
            (Some(Ok(mut piece)), Some(left)) => {
                piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= piece.len() as u64;
                Some(Ok(piece))
            }
            (next, _) => next,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.is_only {
            true => (1, Some(1)),
            false => (0, None),
        }
    }
}

/// `close()` is called once, however it has ended (PEP 3333, "Specification Details").
impl Drop for Pieces {
    fn drop(&mut self) {
        Python::attach(|py| {
            if !self.is_plain
                && let Err(error) = close(self.iterable.bind(py))
            {
                say_traceback(py, &error);
            }
            self.iterator = None;
        });
    }
}

fn close(iterable: &Bound<'_, PyAny>) -> PyResult<()> {
    match iterable.getattr_opt(intern!(iterable.py(), "close"))? {
        Some(close) => close.call0().map(drop),
        None => Ok(()),
    }
}
// ANCHOR_END: iterate
