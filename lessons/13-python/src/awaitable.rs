//! Awaitables that need not be awaited.

// ANCHOR: awaitable
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;

/// Something that is here already. `await` gets it without a trip through the event loop.
///
/// It has all the methods of a coroutine, since some libraries make a task of whatever `receive()`
/// returns, and a task wants a coroutine.
#[pyclass(module = "lesson13")]
pub(crate) struct Here {
    value: Option<Py<PyAny>>,
}

impl Here {
    /// This value, here.
    pub(crate) fn new(value: Py<PyAny>) -> Here {
        Here { value: Some(value) }
    }
}

#[pymethods]
impl Here {
    fn __await__(this: Py<Here>) -> Py<Here> {
        this
    }

    fn __iter__(this: Py<Here>) -> Py<Here> {
        this
    }

    /// Ends at once. What an iterator ends with is what `await` gets.
    fn __next__(&mut self) -> PyResult<()> {
        Err(PyStopIteration::new_err((self.value.take(),)))
    }

    fn send(&mut self, _value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.__next__()
    }

    #[pyo3(signature = (kind, value=None, _traceback=None))]
    fn throw(
        &mut self,
        kind: Bound<'_, PyAny>,
        value: Option<Bound<'_, PyAny>>,
        _traceback: Option<Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.close();
        Err(PyErr::from_value(value.unwrap_or(kind)))
    }

    fn close(&mut self) {
        self.value = None;
    }
}
// ANCHOR_END: awaitable
