//! The server: what Python calls once it has loaded us.

// ANCHOR: imports
use std::error::Error;
use std::ffi::{CStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use lesson03::{Application, Bell, Options};
use lesson05::stop_bell;
use lesson07::{House, RULE_SETTINGS, Rules};
use lesson09::{SocketRules, WebSocketPlugin};
use lesson10::ask_for_descriptors;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict};
use socket2::Socket;
use terminal::{Arguments, say};

use crate::answers::Waiter;
use crate::asgi;
use crate::baton::Baton;
use crate::failure::say_traceback;
use crate::floor::Floor;
use crate::hall::Hall;
use crate::load::{Interface, LoadError, load};
use crate::reload::{Reload, address_before, say_ready};
use crate::settings::{PROGRAM, PythonSettings};
use crate::watchman;
use crate::wsgi::{HereAndNow, WsgiApplication};
// ANCHOR_END: imports

// ANCHOR: main
/// The command, from its words to its exit code.
pub(crate) fn run(py: Python<'_>, words: Vec<OsString>) -> u8 {
    let mut has_failed = false;
    let code = PROGRAM.run_with(words, |flags| {
        let settings = PythonSettings::from_flags(flags)?;
        let name = flags.operand().unwrap_or("demo:app");
        let address = address_before().unwrap_or_else(|| flags.text("addr").to_owned());
        let mut reload = match settings.reload {
            true => Some(Reload::new(py)?),
            false => None,
        };
        let failed = match load(py, name, &settings) {
            Ok(app) => {
                serve(py, app, &address, flags, &settings, reload.as_mut())?;
                return reload.map_or(Ok(()), |reload| Ok(reload.finish()?));
            }
            Err(LoadError::Usage(error)) => error.to_string(),
            Err(LoadError::Python(error)) => {
                say_traceback(py, &error);
                let python: String = py.import("sys")?.getattr("executable")?.extract()?;
                format!("{name} could not be loaded by {python} (another: --python)")
            }
        };
        if let Some(reload) = reload {
            say(&failed);
            reload.wait(&address_before().unwrap_or_default())?;
        }
        has_failed = true;
        Err(failed.into())
    });
    if has_failed { 1 } else { code }
}
// ANCHOR_END: main

// ANCHOR: serve
fn serve(
    py: Python<'_>,
    (app, interface): (Bound<'_, PyAny>, Interface),
    address: &str,
    flags: &Arguments,
    settings: &PythonSettings,
    reload: Option<&mut Reload<'_>>,
) -> Result<(), Box<dyn Error>> {
    let options = Options {
        inherited: settings.inherit.then(standard_input).transpose()?,
        ..Options::from_flags(flags, PROGRAM.name)?
    };
    let (listener, address, mut gateway) = options.listen(address)?;
    listener.set_nonblocking(true)?;
    let rules = Rules {
        // Nobody waits for a client with the lock in hand. Whoever can `await` need not.
        whole_bodies: interface == Interface::Wsgi,
        ..flags.read(RULE_SETTINGS)?
    };
    gateway.deployment.multithread = interface == Interface::Wsgi && settings.threads > 1;
    gateway.deployment.multiprocess = settings.inherit;
    let app = app.unbind();
    let for_the_gateway: Arc<dyn Application> = match interface {
        Interface::Wsgi => {
            let app = app.clone_ref(py);
            Arc::new(WsgiApplication::new(py, app, &gateway.deployment)?)
        }
        Interface::Asgi => Arc::new(Waiter),
    };
    let stop = Arc::new(Bell::new()?);
    py.run(LEAVE_CTRL_C, Some(&PyDict::new(py)), None)?;
    watchman::hear(stop_bell()?, Arc::clone(&stop), rules.stop_timeout)?;
    leave_signals_to_children(py)?;
    if let Some(reload) = reload {
        reload.watch(&address.to_string(), Arc::clone(&stop))?;
    }
    let house = Arc::new(House::new(gateway, for_the_gateway, rules, stop));
    let room = ask_for_descriptors(settings.connections);
    let floor = Floor::new(room, settings.gathered_bytes);
    let hall = Arc::new(Hall::new(Arc::clone(&house), listener, address, floor)?);
    match interface {
        Interface::Wsgi => {
            say_ready(address);
            let baton = Arc::new(Baton::new(&hall, settings.threads));
            work(py, &baton, settings.threads)?;
        }
        Interface::Asgi => {
            let plugin = WebSocketPlugin::without_driver(SocketRules::from_flags(flags)?);
            let (rules, manager) = (plugin.rules().clone(), plugin.manager().clone());
            house.set_upgrader(Some(plugin));
            let event_loop = settings.event_loop.as_deref();
            if !asgi::serve(py, app, hall, rules, manager, event_loop)? {
                return Err("the application has failed to begin, or to end".into());
            }
        }
    }
    say("stopped");
    Ok(())
}

/// The socket that this process was started with as its standard input: what inetd has done since
/// 1986, and systemd can do.
fn standard_input() -> io::Result<Arc<Socket>> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    Ok(Arc::new(Socket::from(input)))
}

/// Works on this thread and on others until everybody has gone. The others are Python's own: what
/// an application keeps for each thread lives as long as they do, which is as long as we do.
fn work(py: Python<'_>, baton: &Arc<Baton>, threads: usize) -> PyResult<()> {
    let thread = py.import("threading")?.getattr("Thread")?;
    let mut others = Vec::new();
    for number in 2..=threads {
        let baton = Arc::clone(baton);
        let work = PyCFunction::new_closure(py, None, None, move |arguments, _| {
            baton.run(arguments.py(), &HereAndNow);
        })?;
        let about = PyDict::new(py);
        about.set_item("target", work)?;
        about.set_item("name", format!("worker {number}"))?;
        about.set_item("daemon", true)?;
        let other = thread.call((), Some(&about))?;
        other.call_method0("start")?;
        others.push(other);
    }
    baton.run(py, &HereAndNow);
    for other in others {
        other.call_method0("join")?;
    }
    Ok(())
}

/// Signals are ours. Python's own handler would raise `KeyboardInterrupt` in whatever request is at
/// work; asyncio and the debugger would put one of theirs in our place, the latter when it goes on
/// after a breakpoint.
const LEAVE_CTRL_C: &CStr = c"
import os, signal, sys

def hook(*, header=None):
    import pdb
    debugger = pdb.Pdb(nosigint=True)
    if header is not None:
        debugger.message(header)
    debugger.set_trace(sys._getframe(1))

signal.signal(signal.SIGINT, signal.SIG_DFL)
if 'PYTHONBREAKPOINT' not in os.environ:
    sys.breakpointhook = hook
";

/// A process that an application forks has our handlers, which would tell *us* to stop when
/// somebody ends *it*. It gets Python's.
fn leave_signals_to_children(py: Python<'_>) -> PyResult<()> {
    let names = PyDict::new(py);
    py.run(LEAVE_SIGNALS, Some(&names), None)
}

/// Between the fork and the new handlers a signal must wait, or the child would still hand it on.
const LEAVE_SIGNALS: &CStr = c"
import os, signal, threading

masks = threading.local()

def before():
    masks.old = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])

def in_parent():
    signal.pthread_sigmask(signal.SIG_SETMASK, masks.old)

def in_child():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    in_parent()

os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)
";
// ANCHOR_END: serve
