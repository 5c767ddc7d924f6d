//! Somebody of Python's who waits for something of ours.

// ANCHOR: waiting
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;

use crate::playing::Playing;

/// A future that has an end when we say so. Several can wait for the same.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Option<Arc<Mutex<Vec<Py<PyAny>>>>>);

impl Waiting {
    /// Somebody begins to wait.
    pub(crate) fn begin(&mut self) -> Waiting {
        self.0.get_or_insert_default();
        self.clone()
    }

    /// Whether anybody waits.
    pub(crate) fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// The first who waits, and has not been cancelled meanwhile.
    pub(crate) fn first<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(futures) = &self.0 else {
            return Ok(None);
        };
        loop {
            let first = {
                let futures = futures.lock().unwrap_or_else(PoisonError::into_inner);
                futures.first().map(|first| first.clone_ref(py))
            };
            let Some(first) = first.map(|first| first.into_bound(py)) else {
                return Ok(None);
            };
            if !first.call_method0("done")?.is_truthy()? {
                return Ok(Some(first));
            }
            let mut futures = futures.lock().unwrap_or_else(PoisonError::into_inner);
            futures.remove(0);
        }
    }

    /// What is to be awaited.
    pub(crate) fn wait<'py>(
        self,
        py: Python<'py>,
        playing: &Playing,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (future, awaitable) = playing.future(py)?;
        if let Some(futures) = &self.0 {
            let mut futures = futures.lock().unwrap_or_else(PoisonError::into_inner);
            futures.push(future.unbind());
        }
        Ok(awaitable)
    }

    /// The end of the waiting, with this value.
    pub(crate) fn end(self, py: Python<'_>, value: Bound<'_, PyAny>) -> PyResult<()> {
        self.finish(py, "set_result", &value)
    }

    /// The end of the waiting, with an error.
    pub(crate) fn fail(self, py: Python<'_>, error: PyErr) -> PyResult<()> {
        self.finish(py, "set_exception", error.value(py).as_any())
    }

    fn finish(self, py: Python<'_>, method: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Some(futures) = self.0 else {
            return Ok(());
        };
        let mut futures = futures.lock().unwrap_or_else(PoisonError::into_inner);
        let futures = std::mem::take(&mut *futures);
        for future in futures {
            let future = future.bind(py);
            // One that was cancelled waits for nothing.
            if !future.call_method0("done")?.is_truthy()? {
                future.call_method1(method, (value,))?;
            }
        }
        Ok(())
    }
}
// ANCHOR_END: waiting
