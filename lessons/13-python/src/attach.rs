//! What it costs to come as a stranger, each time.

// ANCHOR: attach
use std::thread;
use std::time::Instant;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Calls something so many times from a thread that Python does not know, and says how many seconds
/// that took.
///
/// A thread is *attached* while Python knows it. One that attaches `for_life` is known from its
/// first call to its last. One that attaches for each call is a new thread for Python each time.
#[pyfunction]
pub(crate) fn call_elsewhere(
    py: Python<'_>,
    callback: Py<PyAny>,
    times: u32,
    for_life: bool,
) -> PyResult<f64> {
    let elsewhere = move || {
        let call = |py: Python<'_>| callback.call0(py).map(drop);
        let began = Instant::now();
        let outcome = match for_life {
            true => Python::attach(|py| (0..times).try_for_each(|_| call(py))),
            false => (0..times).try_for_each(|_| Python::attach(call)),
        };
        outcome.map(|()| began.elapsed().as_secs_f64())
    };
    let joined = py.detach(|| thread::spawn(elsewhere).join());
    joined.unwrap_or_else(|_| Err(PyRuntimeError::new_err("the thread has panicked")))
}
// ANCHOR_END: attach
