//! What Python says when something goes wrong, and `wsgi.errors`: lines of our log.

// ANCHOR: imports
use lesson03::{AppError, Errors};
use std::io::Write;

use pyo3::prelude::*;
use pyo3::types::PyList;
use terminal::say;
// ANCHOR_END: imports

// ANCHOR: failure
/// An exception that nobody has caught: its traceback goes to the log, and the request fails.
///
/// Python's own way of printing it would end the process for some of them (`SystemExit`), and would
/// wait for somebody to read it.
pub(crate) fn failure(py: Python<'_>, error: &PyErr) -> AppError {
    say_traceback(py, error);
    let name = error.get_type(py).name();
    let name = name.map_or_else(|_| "an exception".to_owned(), |name| name.to_string());
    AppError::new(format!("{name}: {}", error.value(py)))
}

/// Writes a traceback to the log.
pub(crate) fn say_traceback(py: Python<'_>, error: &PyErr) {
    match traceback(py, error) {
        Ok(text) => text.lines().for_each(say_line),
        Err(_) => say_line("an exception that cannot be shown"),
    }
}

fn traceback(py: Python<'_>, error: &PyErr) -> PyResult<String> {
    let parts = (error.get_type(py), error.value(py), error.traceback(py));
    let lines = py
        .import("traceback")?
        .call_method1("format_exception", parts)?;
    let lines: Vec<String> = lines.cast::<PyList>()?.extract()?;
    Ok(lines.concat())
}

fn say_line(line: &str) {
    let escape = |char: char| match char.is_control() && char != '\t' {
        true => char.escape_default().to_string(),
        false => char.to_string(),
    };
    say(line.chars().map(escape).collect::<String>());
}
// ANCHOR_END: failure

// ANCHOR: errors
/// `wsgi.errors`: lesson 3's, as a file of Python's. What is written to it becomes lines; one that
/// is not finished waits for its end.
#[pyclass(module = "lesson13")]
#[derive(Default)]
pub(crate) struct ErrorLog {
    unfinished: String,
}

#[pymethods]
impl ErrorLog {
    fn write(&mut self, text: &str) -> usize {
        self.unfinished.push_str(text);
        if let Some(end) = self.unfinished.rfind('\n') {
            let rest = self.unfinished.split_off(end + 1);
            let lines = std::mem::replace(&mut self.unfinished, rest);
            let _ = Errors.write(lines.as_bytes()); // It never fails.
        }
        text.chars().count()
    }

    fn writelines(&mut self, lines: &Bound<'_, PyAny>) -> PyResult<()> {
        for line in lines.try_iter()? {
            self.write(line?.extract()?);
        }
        Ok(())
    }

    fn flush(&mut self) {
        let text = std::mem::take(&mut self.unfinished);
        if !text.is_empty() {
            let _ = Errors.write(text.as_bytes());
        }
    }
}
// ANCHOR_END: errors
