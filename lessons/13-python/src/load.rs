//! From a name on the command line to an application.

// ANCHOR: imports
use std::env;
use std::path::Path;

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use terminal::UsageError;

use crate::settings::PythonSettings;
// ANCHOR_END: imports

// ANCHOR: load
/// How an application wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    /// `app(environ, start_response)`, PEP 3333.
    Wsgi,
    /// `await app(scope, receive, send)`.
    Asgi,
}

/// Why there is no application.
pub(crate) enum LoadError {
    /// The command line names none.
    Usage(UsageError),
    /// Python says why.
    Python(PyErr),
}

impl From<PyErr> for LoadError {
    fn from(error: PyErr) -> LoadError {
        LoadError::Python(error)
    }
}

/// Loads the application that is named, as `MODULE:ATTRIBUTE`.
pub(crate) fn load<'py>(
    py: Python<'py>,
    name: &str,
    settings: &PythonSettings,
) -> Result<(Bound<'py, PyAny>, Interface), LoadError> {
    prepare_path(py, settings.chdir.as_deref())?;
    let (module, attribute) = name.split_once(':').unwrap_or((name, "application"));
    let wrong = |why: String| LoadError::Usage(UsageError::new(why));
    if module.is_empty() || attribute.is_empty() {
        return Err(wrong(format!("{name:?} is not MODULE:ATTRIBUTE")));
    }
    let mut found = py.import(module)?.into_any();
    for part in attribute.split('.') {
        found = match found.getattr(part) {
            Err(error) if error.is_instance_of::<PyAttributeError>(py) => {
                return Err(wrong(format!(
                    "{name}: the module {module} has no {attribute}"
                )));
            }
            found => found?,
        };
    }
    if settings.call {
        found = found.call0()?;
    }
    if !found.is_callable() {
        let kind = found.get_type().name()?;
        let why = format!("{name} is not callable: it is of the type {kind}");
        return Err(wrong(why));
    }
    let interface = match settings.interface.as_deref() {
        Some("wsgi") => Interface::Wsgi,
        Some("asgi") => Interface::Asgi,
        _ => guess(&found)?,
    };
    Ok((found, interface))
}

/// Where modules are looked for: here first, then where Python looks, and last where ours are.
fn prepare_path(py: Python<'_>, folder: Option<&str>) -> PyResult<()> {
    if let Some(folder) = folder {
        py.import("os")?.call_method1("chdir", (folder,))?;
    }
    let here = env::current_dir()?;
    let path = py.import("sys")?.getattr("path")?.cast_into::<PyList>()?;
    if path
        .get_item(0)
        .is_ok_and(|first| first.eq("").unwrap_or(false))
    {
        path.del_item(0)?; // With `-c` Python has put the current folder there, whatever it may be.
    }
    path.insert(0, here.into_os_string())?;
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps");
    path.append(ours.into_os_string())
}
// ANCHOR_END: load

// ANCHOR: guess
/// Guesses how an application wants to be called. One that must be awaited, or that takes three
/// arguments, is no WSGI application.
fn guess(app: &Bound<'_, PyAny>) -> PyResult<Interface> {
    let inspect = app.py().import("inspect")?;
    let is_coroutine = |callable: &Bound<'_, PyAny>| {
        let answer = inspect.call_method1("iscoroutinefunction", (callable,));
        answer.and_then(|answer| answer.extract())
    };
    let takes_three = || {
        let signature = inspect.call_method1("signature", (app,)).ok()?;
        let nothing = PyTuple::new(app.py(), [0, 0, 0]).ok()?;
        let two = PyTuple::new(app.py(), [0, 0]).ok()?;
        let fits = |arguments| signature.call_method1("bind", arguments).is_ok();
        Some(fits(nothing) && !fits(two))
    };
    let is_asgi = is_coroutine(app)?
        || is_coroutine(&app.getattr("__call__")?)?
        || takes_three().unwrap_or(false);
    Ok(if is_asgi {
        Interface::Asgi
    } else {
        Interface::Wsgi
    })
}
// ANCHOR_END: guess
