//! A server of sockets in one call, as asyncio has it.

// ANCHOR: create
use std::error::Error;
use std::sync::Arc;

use lesson03::{Address, Application, Bell, Options};
use lesson07::Rules;
use lesson09::{SocketRules, WebSocket, WebSocketPlugin};

use crate::server::AsyncServer;
use crate::settings::AsyncSettings;

/// A server that speaks WebSocket and nothing else, whatever the path, with a handler of its own
/// for each client: asyncio's `create_server(factory, host, port)`, with what ws4py's
/// `WebSocketProtocol(EchoWebSocket)` makes as its factory.
///
/// ```
/// use std::sync::Arc;
/// use lesson03::Bell;
/// use lesson09::EchoWebSocket;
///
/// let stop = Arc::new(Bell::new()?);
/// let server = lesson12::create_server(|| EchoWebSocket, "127.0.0.1", 0, Arc::clone(&stop))?;
/// assert_ne!(server.address().port(), 0); // s.sockets[0].getsockname()
/// stop.ring();
/// server.start()?; // loop.run_forever(), until somebody stops it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn create_server<H: WebSocket + 'static>(
    factory: impl Fn() -> H + Send + Sync + 'static,
    host: &str,
    port: u16,
    stop: Arc<Bell>,
) -> Result<AsyncServer, Box<dyn Error>>
where
    for<'a> (&'a str, u16): Address,
{
    let plugin = WebSocketPlugin::without_driver(SocketRules::default());
    let app: Arc<dyn Application> = Arc::new(plugin.application(move |_environ| factory()));
    let (options, settings) = (Options::default(), AsyncSettings::default());
    let server = AsyncServer::bind((host, port), app, options, Rules::default(), settings, stop)?;
    server.set_upgrader(Some(plugin));
    Ok(server)
}
// ANCHOR_END: create
