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
    let imported = found.clone();
    for part in attribute.split('.') {
        found = match found.getattr(part) {
            Err(error) if error.is_instance_of::<PyAttributeError>(py) => {
                return Err(wrong(absent(&imported, module, attribute)));
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
        _ => guess(&found)?.ok_or_else(|| wrong(no_application(&found, name)))?,
    };
    Ok((found, interface))
}

/// What to say of a module without this attribute: which file it is, and what may have been meant.
fn absent(module: &Bound<'_, PyAny>, name: &str, attribute: &str) -> String {
    let file = module.getattr("__file__").map(|file| file.to_string());
    let file = file.map_or(String::new(), |file| format!(" ({file})"));
    let meant = match attribute.strip_suffix("()") {
        Some(factory) => format!(": to call it first, --call {name}:{factory}"),
        None if module.hasattr("app").unwrap_or(false) => format!("; it has app: {name}:app"),
        None => String::new(),
    };
    format!("the module {name}{file} has no {attribute}{meant}")
}

/// What to say of something that can be called, but not as an application.
fn no_application(found: &Bound<'_, PyAny>, name: &str) -> String {
    let factory = match fits(found, 0) {
        Some(true) => format!(": is it a factory? --call {name} calls it first"),
        _ => String::new(),
    };
    format!("{name} takes neither (environ, start_response) nor (scope, receive, send){factory}")
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
/// arguments, is no WSGI application. One that takes neither two nor three is none at all.
fn guess(app: &Bound<'_, PyAny>) -> PyResult<Option<Interface>> {
    let inspect = app.py().import("inspect")?;
    let is_coroutine = |callable: &Bound<'_, PyAny>| {
        let answer = inspect.call_method1("iscoroutinefunction", (callable,));
        answer.and_then(|answer| answer.extract())
    };
    let is_awaited = is_coroutine(app)? || is_coroutine(&app.getattr("__call__")?)?;
    Ok(match (is_awaited, fits(app, 2), fits(app, 3)) {
        (true, ..) | (false, Some(false), Some(true)) => Some(Interface::Asgi),
        (false, Some(false), Some(false)) => None,
        _ => Some(Interface::Wsgi),
    })
}

/// Whether something can be called with so many arguments; `None` if it does not say.
fn fits(callable: &Bound<'_, PyAny>, count: usize) -> Option<bool> {
    let py = callable.py();
    let inspect = py.import("inspect").ok()?;
    let signature = inspect.call_method1("signature", (callable,)).ok()?;
    let arguments = PyTuple::new(py, vec![0; count]).ok()?;
    Some(signature.call_method1("bind", arguments).is_ok())
}
// ANCHOR_END: guess
