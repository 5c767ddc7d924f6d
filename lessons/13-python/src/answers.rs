//! Answers that were made elsewhere, for the conversation's next turn.

// ANCHOR: answers
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lesson03::{AppError, Application, Body, Environ, StartResponse};
use pyo3::Python;

use crate::pieces::Slices;

/// An answer as the gateway wants to have it.
pub(crate) struct Laid {
    pub(crate) status: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

thread_local! {
    /// The answer for the conversation that has its turn on this thread.
    static LAID: Cell<Option<Result<Laid, AppError>>> = const { Cell::new(None) };
}

/// Lays an answer there for the turn that follows.
pub(crate) fn lay(answer: Result<Laid, AppError>) {
    LAID.set(Some(answer));
}

/// The gateway's application: brings what was laid, as lesson 12's does.
pub(crate) struct Waiter;

impl Application for Waiter {
    fn respond(
        &self,
        _environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let Laid {
            status,
            headers,
            body,
        } = LAID
            .take()
            .unwrap_or_else(|| Err(AppError::new("nothing was laid")))?;
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        start_response.begin(&status, &headers)?;
        Ok(body)
    }
}

/// The pieces of a body that the application has made and the conversation has not taken.
#[derive(Clone, Default)]
pub(crate) struct Plate(Arc<Mutex<OnPlate>>);

#[derive(Default)]
struct OnPlate {
    pieces: VecDeque<Result<Slices, AppError>>,
    /// Whether these are the last.
    is_last: bool,
}

impl OnPlate {
    /// The next slice of the first piece.
    fn take(&mut self, py: Python<'_>) -> Option<Result<Vec<u8>, AppError>> {
        let mut piece = match self.pieces.pop_front()? {
            Ok(piece) => piece,
            Err(error) => return Some(Err(error)),
        };
        let slice = piece.take(py);
        if !piece.is_empty(py) {
            self.pieces.push_front(Ok(piece));
        }
        Some(Ok(slice))
    }
}

impl Plate {
    fn lock(&self) -> MutexGuard<'_, OnPlate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a piece there, and says whether it is the last.
    pub(crate) fn put(&self, piece: Result<Slices, AppError>, is_last: bool) {
        let mut plate = self.lock();
        plate.pieces.push_back(piece);
        plate.is_last |= is_last;
    }

    /// Whether the conversation finds something here: a piece, or the end.
    pub(crate) fn has_any(&self) -> bool {
        let plate = self.lock();
        !plate.pieces.is_empty() || plate.is_last
    }

    /// A body that takes its pieces from here.
    pub(crate) fn body(&self) -> Body {
        let plate = self.clone();
        Body::try_chunks(std::iter::from_fn(move || {
            Python::attach(|py| plate.lock().take(py))
        }))
    }
}
// ANCHOR_END: answers
