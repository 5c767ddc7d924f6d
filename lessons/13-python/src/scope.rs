//! The scope of an ASGI application: what `environ` is to a WSGI application.

// ANCHOR: imports
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lesson02::{Request, Version};
use lesson03::{Deployment, Environ};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
// ANCHOR_END: imports

// ANCHOR: scopes
/// What is the same in every scope.
pub(crate) struct Scopes {
    http: Py<PyDict>,
    websocket: Py<PyDict>,
    state: Option<Py<PyDict>>,
    /// Names of headers that have been seen, in lower case.
    names: Mutex<HashMap<Box<str>, Py<PyBytes>>>,
}

/// So many names are remembered.
const MOST_NAMES: usize = 256;

impl Scopes {
    /// The scopes of a server. `state` is what the application has put there when it began.
    pub(crate) fn new(
        py: Python<'_>,
        deployment: &Deployment,
        state: &Bound<'_, PyDict>,
    ) -> PyResult<Scopes> {
        let same = |kind: &str, scheme: &str, version: &str| -> PyResult<Py<PyDict>> {
            let same = PyDict::new(py);
            let asgi = PyDict::new(py);
            asgi.set_item("version", "3.0")?;
            asgi.set_item("spec_version", version)?;
            same.set_item("type", kind)?;
            same.set_item("asgi", asgi)?;
            same.set_item("scheme", scheme)?;
            same.set_item("root_path", "")?;
            let port: Option<u16> = deployment.server_port.parse().ok();
            same.set_item("server", (&deployment.server_name, port))?;
            Ok(same.unbind())
        };
        Ok(Scopes {
            http: same("http", "http", "2.4")?,
            websocket: same("websocket", "ws", "2.4")?,
            state: (!state.is_empty()).then(|| state.clone().unbind()),
            names: Mutex::default(),
        })
    }

    /// The scope of a request.
    pub(crate) fn http<'py>(
        &self,
        py: Python<'py>,
        environ: &Environ<'_>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let scope = self.common(py, &self.http, environ)?;
        scope.set_item(intern!(py, "method"), environ.request().method())?;
        Ok(scope)
    }

    /// The scope of a WebSocket.
    pub(crate) fn websocket<'py>(
        &self,
        py: Python<'py>,
        environ: &Environ<'_>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let scope = self.common(py, &self.websocket, environ)?;
        let offered = environ
            .get("HTTP_SEC_WEBSOCKET_PROTOCOL")
            .unwrap_or_default();
        let offered = offered
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        scope.set_item(
            intern!(py, "subprotocols"),
            PyList::new(py, offered.collect::<Vec<_>>())?,
        )?;
        Ok(scope)
    }

    fn common<'py>(
        &self,
        py: Python<'py>,
        same: &Py<PyDict>,
        environ: &Environ<'_>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let scope = same.bind(py).copy()?;
        let request = environ.request();
        let version = match request.version() {
            Version::Http10 => intern!(py, "1.0"),
            Version::Http11 => intern!(py, "1.1"),
        };
        scope.set_item(intern!(py, "http_version"), version)?;
        scope.set_item(intern!(py, "path"), &*environ.path_utf8_lossy())?;
        let raw = match request.path() {
            "" => "/",
            path => path,
        };
        scope.set_item(intern!(py, "raw_path"), PyBytes::new(py, raw.as_bytes()))?;
        let query = PyBytes::new(py, request.query().as_bytes());
        scope.set_item(intern!(py, "query_string"), query)?;
        scope.set_item(intern!(py, "headers"), self.headers(py, request)?)?;
        let port: Option<u16> = environ
            .get("REMOTE_PORT")
            .and_then(|port| port.parse().ok());
        scope.set_item(
            intern!(py, "client"),
            (environ.get("REMOTE_ADDR").as_deref(), port),
        )?;
        if let Some(state) = &self.state {
            scope.set_item(intern!(py, "state"), state.bind(py).copy()?)?;
        }
        Ok(scope)
    }

    /// Pairs of bytes, the names in lower case. The target's host goes before the field `Host`.
    fn headers<'py>(&self, py: Python<'py>, request: Request<'_>) -> PyResult<Bound<'py, PyList>> {
        let headers = PyList::empty(py);
        for (name, value) in request.fields() {
            let value = match name.eq_ignore_ascii_case("host") {
                true => request.authority().map_or(value, str::as_bytes),
                false => value,
            };
            let pair = [self.name(py, name), PyBytes::new(py, value)];
            headers.append(PyTuple::new(py, pair)?)?;
        }
        Ok(headers)
    }

    fn name<'py>(&self, py: Python<'py>, name: &str) -> Bound<'py, PyBytes> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return known.bind(py).clone();
        }
        let lower = PyBytes::new(py, name.to_ascii_lowercase().as_bytes());
        if names.len() < MOST_NAMES {
            names.insert(name.into(), lower.clone().unbind());
        }
        lower
    }
}
// ANCHOR_END: scopes
