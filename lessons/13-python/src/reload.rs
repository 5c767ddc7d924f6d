//! `--reload`: watches the files of an application.

// ANCHOR: reload
use std::ffi::CString;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lesson03::Bell;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyModule};
use terminal::{ready, say};

use crate::settings::PROGRAM;

/// Where a server that begins anew shall listen: where it did before, whatever port that was.
const ADDRESS: &str = "LESSON13_ADDRESS";

/// Watches files, from the moment when there is something to begin anew.
pub(crate) struct Reload<'py> {
    module: Bound<'py, PyModule>,
    thread: Option<Bound<'py, PyAny>>,
    has_changed: Arc<AtomicBool>,
}

impl<'py> Reload<'py> {
    pub(crate) fn new(py: Python<'py>) -> PyResult<Reload<'py>> {
        let code = CString::new(include_str!("reload.py"))?;
        let module = PyModule::from_code(py, &code, c"reload.py", c"lesson13_reload")?;
        Ok(Reload {
            module,
            thread: None,
            has_changed: Arc::default(),
        })
    }

    /// There is nothing to serve: waits for a change, and begins anew.
    pub(crate) fn wait(&self, address: &str) -> PyResult<()> {
        say("waiting for a change");
        self.module.call_method0("wait_for_change")?;
        self.module.call_method1("begin_anew", (address,))?;
        Ok(())
    }

    /// Watches from now on, and rings the bell at a change.
    pub(crate) fn watch(&mut self, address: &str, stop: Arc<Bell>) -> PyResult<()> {
        let py = self.module.py();
        let say = PyCFunction::new_closure(py, None, None, |words, _| {
            words.get_item(0).map(|text| say(text.to_string()))
        })?;
        let has_changed = Arc::clone(&self.has_changed);
        let stop = PyCFunction::new_closure(py, None, None, move |_, _| {
            has_changed.store(true, Ordering::SeqCst);
            stop.ring();
        })?;
        let thread = self.module.call_method1("watch", (address, say, stop))?;
        self.thread = Some(thread);
        Ok(())
    }

    /// The server has stopped: if that was for a change, this never returns.
    pub(crate) fn finish(&self) -> PyResult<()> {
        if let Some(thread) = &self.thread
            && self.has_changed.load(Ordering::SeqCst)
        {
            self.module.getattr("finished")?.call_method0("set")?;
            thread.call_method0("join")?;
        }
        Ok(())
    }
}

/// Where the server listened before it began anew.
pub(crate) fn address_before() -> Option<String> {
    std::env::var(ADDRESS)
        .ok()
        .filter(|address| !address.is_empty())
}

/// Says where we listen. Whoever reads that line reads it once, so one who begins anew says it to
/// the log.
pub(crate) fn say_ready(address: SocketAddr) {
    match address_before() {
        None => ready(PROGRAM.name, address),
        Some(_) => say(format_args!("listening again on http://{address}")),
    }
}
// ANCHOR_END: reload
