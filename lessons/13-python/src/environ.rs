//! `environ` as Python has it: a dictionary for each request.

// ANCHOR: imports
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use lesson02::{Request, Version};
use lesson03::{Deployment, Environ};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
// ANCHOR_END: imports

// ANCHOR: template
/// The `environ` of the plainest request, to be copied for each request and corrected where that
/// one differs; and the strings that have been made before.
pub(crate) struct Template {
    plainest: Py<PyDict>,
    /// `Accept-Language` as Python's `HTTP_ACCEPT_LANGUAGE`: made once, with its hash.
    names: Mutex<HashMap<Box<str>, Py<PyString>>>,
    /// The address of the last client, who is often the next one as well.
    last_address: Mutex<(IpAddr, Py<PyString>)>,
    bytes_io: Py<PyAny>,
}

/// So many names of headers are remembered. A client can make up any number of them.
const MOST_NAMES: usize = 256;

/// Beyond this a body lies in a file while the application works on it.
const IN_MEMORY: usize = 512 * 1024;

impl Template {
    /// The template for a server.
    pub(crate) fn new(
        py: Python<'_>,
        deployment: &Deployment,
        errors: Py<PyAny>,
    ) -> PyResult<Template> {
        let nobody = IpAddr::from(Ipv4Addr::UNSPECIFIED);
        Ok(Template {
            plainest: plainest(py, deployment, errors)?.unbind(),
            names: Mutex::default(),
            last_address: Mutex::new((nobody, PyString::new(py, &nobody.to_string()).unbind())),
            bytes_io: py.import("io")?.getattr("BytesIO")?.unbind(),
        })
    }

    /// The `environ` of a request.
    pub(crate) fn environ<'py>(
        &self,
        py: Python<'py>,
        environ: &mut Environ<'_>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = self.plainest.bind(py).copy()?;
        let request = environ.request();
        if request.method() != "GET" {
            dict.set_item(intern!(py, "REQUEST_METHOD"), request.method())?;
        }
        let path = environ.get("PATH_INFO").unwrap_or_default();
        if path != "/" {
            dict.set_item(intern!(py, "PATH_INFO"), &*path)?;
        }
        if !request.query().is_empty() {
            dict.set_item(intern!(py, "QUERY_STRING"), request.query())?;
        }
        if request.version() == Version::Http10 {
            dict.set_item(intern!(py, "SERVER_PROTOCOL"), intern!(py, "HTTP/1.0"))?;
        }
        let peer = environ.peer();
        dict.set_item(intern!(py, "REMOTE_ADDR"), self.address(py, peer.ip()))?;
        dict.set_item(intern!(py, "REMOTE_PORT"), peer.port().to_string())?;
        if let Some(content_type) = request.field("content-type") {
            dict.set_item(intern!(py, "CONTENT_TYPE"), &*latin1(content_type))?;
        }
        match request.authority() {
            Some(host) => dict.set_item(intern!(py, "HTTP_HOST"), host)?,
            None => dict.del_item(intern!(py, "HTTP_HOST"))?,
        }
        self.set_headers(py, request, &dict)?;
        self.set_input(py, environ, &dict)?;
        Ok(dict)
    }

    fn address<'py>(&self, py: Python<'py>, address: IpAddr) -> Bound<'py, PyString> {
        let mut last = self
            .last_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if last.0 != address {
            *last = (address, PyString::new(py, &address.to_string()).unbind());
        }
        last.1.bind(py).clone()
    }
}

/// What `GET / HTTP/1.1` comes to. What every request has of its own is there with nothing in it:
/// to fill a place is cheaper than to make one, and a copy that never grows is made once.
fn plainest<'py>(
    py: Python<'py>,
    deployment: &Deployment,
    errors: Py<PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in &deployment.extra {
        set(&dict, name, value)?;
    }
    set(&dict, "REQUEST_METHOD", "GET")?;
    set(&dict, "SCRIPT_NAME", "")?;
    set(&dict, "PATH_INFO", "/")?;
    set(&dict, "QUERY_STRING", "")?;
    set(&dict, "CONTENT_LENGTH", "0")?;
    set(&dict, "SERVER_NAME", &deployment.server_name)?;
    set(&dict, "SERVER_PORT", &deployment.server_port)?;
    set(&dict, "SERVER_PROTOCOL", "HTTP/1.1")?;
    set(&dict, "SERVER_SOFTWARE", deployment.software)?;
    set(&dict, "GATEWAY_INTERFACE", "CGI/1.1")?;
    set(&dict, "wsgi.version", PyTuple::new(py, [1, 0])?)?;
    set(&dict, "wsgi.url_scheme", "http")?;
    set(&dict, "wsgi.errors", errors)?;
    set(&dict, "wsgi.multithread", deployment.multithread)?;
    set(&dict, "wsgi.multiprocess", deployment.multiprocess)?;
    set(&dict, "wsgi.run_once", false)?;
    set(&dict, "wsgi.input_terminated", true)?;
    set(&dict, "wsgi.file_wrapper", file_wrapper(py)?)?;
    for of_its_own in ["REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST", "wsgi.input"] {
        set(&dict, of_its_own, py.None())?;
    }
    Ok(dict)
}

/// Sets a variable. Its name is the one object that Python has for it, as the names in the code of
/// an application are, so a look is enough to know it again.
fn set<'py>(dict: &Bound<'py, PyDict>, name: &str, value: impl IntoPyObject<'py>) -> PyResult<()> {
    dict.set_item(PyString::intern(dict.py(), name), value)
}

/// What an application can return to have a file sent: that of Python's own library.
pub(crate) fn file_wrapper(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("wsgiref.util")?.getattr("FileWrapper")
}
// ANCHOR_END: template

// ANCHOR: headers
impl Template {
    /// One variable for each name: several headers of a name are joined.
    fn set_headers(
        &self,
        py: Python<'_>,
        request: Request<'_>,
        dict: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        for (index, (name, value)) in request.fields().enumerate() {
            if name.contains('_') || is_no_header(name) {
                continue;
            }
            let same_name = |(other, _): &(&str, _)| name.eq_ignore_ascii_case(other);
            if request.fields().take(index).any(|field| same_name(&field)) {
                continue; // It has been joined to the first.
            }
            let mut text = latin1(value);
            let separator = if name.eq_ignore_ascii_case("cookie") {
                "; "
            } else {
                ","
            };
            for (_, value) in request.fields().skip(index + 1).filter(same_name) {
                text.to_mut().push_str(separator);
                text.to_mut().push_str(&latin1(value));
            }
            dict.set_item(self.variable(py, name), &*text)?;
        }
        Ok(())
    }

    /// The name of a header's variable.
    fn variable<'py>(&self, py: Python<'py>, name: &str) -> Bound<'py, PyString> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(variable) = names.get(name) {
            return variable.bind(py).clone();
        }
        let variable: String = "HTTP_"
            .chars()
            .chain(name.chars().map(variable_char))
            .collect();
        let variable = PyString::intern(py, &variable);
        if names.len() < MOST_NAMES {
            names.insert(name.into(), variable.clone().unbind());
        }
        variable
    }
}

/// These have variables of their own.
fn is_no_header(name: &str) -> bool {
    let has_own = ["content-type", "content-length", "host"];
    has_own.iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn variable_char(char: char) -> char {
    if char == '-' {
        '_'
    } else {
        char.to_ascii_uppercase()
    }
}

/// Bytes as characters, one each: how PEP 3333 wants them in strings.
pub(crate) fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}
// ANCHOR_END: headers

// ANCHOR: input
impl Template {
    /// `wsgi.input`, and how long it is. The body has been gathered, so it cannot make anybody
    /// wait; and an application that looks at the length alone, as Django does, finds one for
    /// chunks, too.
    fn set_input(
        &self,
        py: Python<'_>,
        environ: &mut Environ<'_>,
        dict: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let mut body = Vec::new();
        environ.input().read_to_end(&mut body)?;
        let input = match body.len() {
            0 => self.bytes_io.bind(py).call0()?,
            length => {
                dict.set_item(intern!(py, "CONTENT_LENGTH"), length.to_string())?;
                let bytes = PyBytes::new(py, &body);
                drop(body);
                match length > IN_MEMORY {
                    true => in_a_file(py, bytes)?,
                    false => self.bytes_io.bind(py).call1((bytes,))?,
                }
            }
        };
        dict.set_item(intern!(py, "wsgi.input"), input)
    }
}

/// A file that has no name and goes when it is closed.
fn in_a_file<'py>(py: Python<'py>, bytes: Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyAny>> {
    let file = py.import("tempfile")?.call_method0("TemporaryFile")?;
    file.call_method1("write", (bytes,))?;
    file.call_method1("seek", (0,))?;
    Ok(file)
}
// ANCHOR_END: input
