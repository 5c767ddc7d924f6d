//! The names of wsocket: an application of events, and a server in one call.

// ANCHOR: imports
use std::error::Error;
use std::sync::Arc;

use lesson03::{AppError, Application, Body, Environ, Options, StartResponse, demo};
use lesson05::stop_bell;
use lesson07::{PoolServer, PoolSettings};
use terminal::say;

use crate::application::WebSocketApplication;
use crate::handler::{Events, Socket};
use crate::message::Message;
use crate::plugin::WebSocketPlugin;
use crate::rules::SocketRules;
// ANCHOR_END: imports

// ANCHOR: app
/// A socket for whoever asks for one, whatever the path, and an ordinary application for everybody
/// else.
///
/// There a handler may also wait for a message itself (`environ['wsgi.websocket'].receive()`). A
/// thread that serves all sockets must not wait in the middle of one: that needs a stack for each,
/// which lesson 11 has.
#[derive(Default)]
pub struct WSocketApp {
    app: Option<Arc<dyn Application>>,
    events: Events,
    rules: SocketRules,
}

impl WSocketApp {
    /// An application without events.
    pub fn new() -> WSocketApp {
        WSocketApp::default()
    }

    /// Who answers ordinary requests; the demo of lesson 3, if nobody is named.
    pub fn app(mut self, app: impl Application + 'static) -> WSocketApp {
        self.app = Some(Arc::new(app));
        self
    }

    /// The subprotocols that it speaks.
    pub fn protocols(mut self, names: &[&str]) -> WSocketApp {
        self.rules.protocols = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// When a conversation begins.
    pub fn onconnect(
        mut self,
        event: impl Fn(&mut Socket<'_>) + Send + Sync + 'static,
    ) -> WSocketApp {
        self.events = self.events.onconnect(event);
        self
    }

    /// When a client has said something.
    pub fn onmessage(
        mut self,
        event: impl Fn(Message<'_>, &mut Socket<'_>) + Send + Sync + 'static,
    ) -> WSocketApp {
        self.events = self.events.onmessage(event);
        self
    }

    /// When a conversation is over.
    pub fn onclose(mut self, event: impl Fn(u16, &str) + Send + Sync + 'static) -> WSocketApp {
        self.events = self.events.onclose(event);
        self
    }

    /// The application itself, whose sockets are this plugin's.
    pub fn on(self, plugin: &WebSocketPlugin) -> impl Application + use<> {
        let events = Arc::new(self.events);
        let handler = move |_: &Environ<'_>| Arc::clone(&events);
        Either {
            socket: WebSocketApplication::new(self.rules, plugin.manager(), handler),
            app: self.app.unwrap_or_else(|| Arc::new(demo::application)),
        }
    }
}

struct Either {
    socket: WebSocketApplication,
    app: Arc<dyn Application>,
}

impl Application for Either {
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        match environ.request().asks_for("websocket") {
            true => self.socket.respond(environ, start_response),
            false => self.app.respond(environ, start_response),
        }
    }
}
// ANCHOR_END: app

// ANCHOR: run
/// A server in one call, until Ctrl-C. Its port is 8080 and its application an echo if you take
/// those of [`demo_app`]:
///
/// ```no_run
/// use lesson09::{WSocketApp, demo_app, run};
///
/// run(demo_app(), "127.0.0.1", 8080)?; // wsocket's run()
///
/// let app = WSocketApp::new()
///     .onconnect(|socket| socket.send("welcome").unwrap_or_default())
///     .onmessage(|message, socket| socket.send(message).unwrap_or_default())
///     .onclose(|code, reason| println!("{code} {reason}"));
/// run(app, "", 8080)?; // run('', 8080, app) in its notes, against its own signature
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(app: WSocketApp, host: &str, port: u16) -> Result<(), Box<dyn Error>> {
    let plugin = WebSocketPlugin::start(app.rules.clone())?;
    let (options, settings) = (Options::default(), PoolSettings::default());
    let (app, stop) = (Arc::new(app.on(&plugin)), Arc::new(stop_bell()?));
    let server = PoolServer::bind((host, port), app, options, settings, stop)?;
    plugin.subscribe(&server);
    say(format_args!(
        "Server started at http://{}",
        server.address()
    ));
    server.start()?;
    say("Server stopped.");
    Ok(())
}

/// What `run` serves if nothing else is said: every message comes back.
pub fn demo_app() -> WSocketApp {
    WSocketApp::new().onmessage(|message, socket| {
        // Should it be closed by now, nobody is there who would miss it.
        let _ = socket.send(message);
    })
}
// ANCHOR_END: run
