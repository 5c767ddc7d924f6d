//! `run`, as wsocket has it: a server in one call.

// ANCHOR: imports
use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use lesson03::{Application, Options, demo};
use lesson05::{Ended, stop_bell};

use crate::{ThreadingServer, Threads};
// ANCHOR_END: imports

// ANCHOR: run
/// What [`run`] is told; everything has a default, as in
/// `wsocket.run(app, host, port, handler_cls, server_cls)`.
pub struct Run {
    /// The application; the demo if none is named.
    pub app: Arc<dyn Application>,
    /// The host; an IPv6 address makes an IPv6 server.
    pub host: String,
    /// The port; 0 lets the system choose.
    pub port: u16,
    /// What requests are handled with (`handler_cls`): limits, log, names.
    pub handler: Options,
    /// What serves them (`server_cls`).
    pub server: Threads,
}

impl Default for Run {
    fn default() -> Run {
        Run {
            app: Arc::new(demo::application),
            host: "127.0.0.1".to_owned(),
            port: 8080,
            handler: Options {
                software: "lesson06",
                ..Options::default()
            },
            server: Threads::default(),
        }
    }
}

/// Serves until Ctrl-C.
///
/// ```no_run
/// use lesson06::{Run, run};
///
/// run(Run { port: 0, ..Run::default() })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(run: Run) -> Result<Ended, Box<dyn Error>> {
    let (listener, address, gateway) = run.handler.listen((run.host.as_str(), run.port))?;
    listener.set_nonblocking(true)?;
    let stop = stop_bell()?;
    let server = ThreadingServer::new(gateway, run.app, run.server)?;
    // A server whose standard output is closed still serves.
    let _ = writeln!(std::io::stdout(), "Server started at http://{address}");
    let ended = server.serve(listener, &stop);
    let _ = writeln!(std::io::stdout(), "Server stopped.");
    Ok(ended)
}
// ANCHOR_END: run
