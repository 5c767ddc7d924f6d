//! A server that is told its host and its port by name, as the tutorials do it.

// ANCHOR: imports
use std::error::Error;
use std::sync::Arc;

use crate::{Application, Options, WsgiServer};
// ANCHOR_END: imports

// ANCHOR: builder
/// A server in the making, for those who like to name what they give.
///
/// ```
/// use lesson03::{WsgiServer, demo};
///
/// let server = WsgiServer::new(demo::hello).host("localhost").port(0).bind()?;
/// assert_ne!(server.address().port(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Builder {
    app: Arc<dyn Application>,
    host: String,
    port: u16,
}

impl Builder {
    /// The host to listen on; 127.0.0.1 if none is named.
    pub fn host(self, host: &str) -> Builder {
        Builder {
            host: host.to_owned(),
            ..self
        }
    }

    /// The port to listen on; 8888 if none is named.
    pub fn port(self, port: u16) -> Builder {
        Builder { port, ..self }
    }

    /// Makes the server, which listens from here on.
    pub fn bind(self) -> Result<WsgiServer, Box<dyn Error>> {
        WsgiServer::bind(
            (self.host.as_str(), self.port),
            self.app,
            Options::default(),
        )
    }
}

impl WsgiServer {
    /// Begins to make a server.
    #[allow(clippy::new_ret_no_self)] // The tutorials write `WSGIServer(host=…, port=…)`.
    pub fn new(app: impl Application + 'static) -> Builder {
        Builder {
            app: Arc::new(app),
            host: "127.0.0.1".to_owned(),
            port: 8888,
        }
    }
}
// ANCHOR_END: builder
