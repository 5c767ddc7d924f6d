//! The plugin: everything that a server with sockets needs, started and stopped with it.

// ANCHOR: imports
use std::io;
use std::sync::Arc;
use std::time::Instant;

use lesson02::Stream;
use lesson03::{Environ, Protocol};
use lesson07::{PoolServer, Upgrader};

use crate::application::WebSocketApplication;
use crate::channels::Channels;
use crate::close::GOING_AWAY;
use crate::driver::{Driver, PROTOCOLS};
use crate::handler::WebSocket;
use crate::manager::WebSocketManager;
use crate::rules::SocketRules;
use crate::upgraded::DriverLimits;
// ANCHOR_END: imports

// ANCHOR: plugin
/// A driver, a manager, and channels (ws4py's `WebSocketPlugin`).
///
/// The example of ws4py for CherryPy, translated. A different type of handler for each path is what
/// the dispatcher is for:
///
/// ```
/// use std::sync::Arc;
/// use lesson03::{Application, Bell, Options, demo};
/// use lesson07::{PoolServer, PoolSettings};
/// use lesson08::Dispatcher;
/// use lesson09::{EchoWebSocket, SocketRules, WebSocketPlugin};
///
/// let plugin = WebSocketPlugin::start(SocketRules::default())?; // WebSocketPlugin(engine)
/// let root: Arc<dyn Application> = Arc::new(demo::hello);
/// // tools.websocket.on, and tools.websocket.handler_cls: EchoWebSocket
/// let ws: Arc<dyn Application> = Arc::new(plugin.application(|_| EchoWebSocket));
/// let app = Dispatcher::new([("/", root), ("/ws", ws)])?;
/// let (options, settings) = (Options::default(), PoolSettings::default());
/// let stop = Arc::new(Bell::new()?);
/// let server = PoolServer::bind(("127.0.0.1", 0), Arc::new(app), options, settings, stop)?;
/// plugin.subscribe(&server); // subscribe(), and initialize_websockets_manager()
/// server.stop();
/// server.start()?; // cherrypy.quickstart(…), server.serve_forever()
/// assert!(plugin.manager().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It takes part in the life of a server: it takes over what is switched, and at a stop everybody
/// hears 1001 and leaves within the server's own time.
pub struct WebSocketPlugin {
    /// Nobody, where the server drives its sockets itself.
    driver: Option<Driver>,
    manager: WebSocketManager,
    channels: Channels,
    rules: SocketRules,
}

/// Whatever is published here goes to every socket (the name is ws4py's).
pub const BROADCAST: &str = "websocket-broadcast";

impl WebSocketPlugin {
    /// Starts the thread that will drive the sockets.
    pub fn start(rules: SocketRules) -> io::Result<Arc<WebSocketPlugin>> {
        let driver = Driver::start(DriverLimits::default())?;
        Ok(WebSocketPlugin::new(rules, Some(driver)))
    }

    /// For a server that keeps what was switched, and drives it itself.
    pub fn without_driver(rules: SocketRules) -> Arc<WebSocketPlugin> {
        WebSocketPlugin::new(rules, None)
    }

    fn new(rules: SocketRules, driver: Option<Driver>) -> Arc<WebSocketPlugin> {
        let manager = WebSocketManager::new(rules.max_sockets);
        let channels = Channels::new();
        let everybody = manager.clone();
        channels.listen(BROADCAST, move |message| {
            everybody.broadcast(message);
        });
        Arc::new(WebSocketPlugin {
            driver,
            manager,
            channels,
            rules,
        })
    }

    /// From now on the server can switch to WebSocket. Without this a handler's 101 is a 500 that
    /// says so in the log.
    pub fn subscribe(self: &Arc<WebSocketPlugin>, server: &PoolServer) {
        server.set_upgrader(Some(Arc::clone(self) as Arc<dyn Upgrader>));
    }

    /// An application whose sockets are this plugin's, to be mounted at a path.
    pub fn application<H: WebSocket + 'static>(
        &self,
        handler: impl Fn(&Environ<'_>) -> H + Send + Sync + 'static,
    ) -> WebSocketApplication {
        WebSocketApplication::new(self.rules.clone(), &self.manager, handler)
    }

    /// What sockets may do.
    pub fn rules(&self) -> &SocketRules {
        &self.rules
    }

    /// All sockets.
    pub fn manager(&self) -> &WebSocketManager {
        &self.manager
    }

    /// Who listens to what.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }
}

impl Upgrader for WebSocketPlugin {
    fn protocols(&self) -> &'static str {
        PROTOCOLS
    }

    fn take_over(
        &self,
        stream: Box<dyn Stream>,
        mut protocol: Box<dyn Protocol>,
        received: Vec<u8>,
    ) {
        match &self.driver {
            Some(driver) => driver.take_over(stream, protocol, received),
            None => protocol.lost(), // A server that drives its sockets does not ask.
        }
    }

    fn closing(&self) {
        self.manager
            .close_all(GOING_AWAY, "Server is shutting down");
    }

    fn all_left(&self, deadline: Instant) -> bool {
        // Whoever was switched a moment ago hears of it, too.
        self.closing();
        let drives = self.driver.as_ref();
        self.manager.join(deadline) && drives.is_none_or(|driver| driver.all_left(deadline))
    }
}
// ANCHOR_END: plugin
