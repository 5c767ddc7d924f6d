//! From a request to a session: an application like any other.

// ANCHOR: imports
use std::sync::Arc;

use lesson03::{AppError, Application, Body, Environ, Protocol, StartResponse};

use crate::handler::WebSocket;
use crate::handshake::{Handshake, Refusal};
use crate::manager::WebSocketManager;
use crate::rules::SocketRules;
use crate::session::Session;
// ANCHOR_END: imports

// ANCHOR: application
/// Answers requests for a WebSocket, each with a handler of its own (ws4py's
/// `WebSocketWSGIApplication`). Mounted at several paths, each has its own type of handler.
pub struct WebSocketApplication {
    rules: SocketRules,
    protocol: Box<ProtocolFor>,
}

/// Begins the session of a client, if there is a place for it. It may look at the request, and is
/// not asked if the handshake has failed.
type ProtocolFor = dyn Fn(&Environ<'_>) -> Option<Box<dyn Protocol>> + Send + Sync;

impl WebSocketApplication {
    /// Sockets under these rules, known to this manager, with the handler that `handler` makes.
    pub fn new<H: WebSocket + 'static>(
        rules: SocketRules,
        manager: &WebSocketManager,
        handler: impl Fn(&Environ<'_>) -> H + Send + Sync + 'static,
    ) -> WebSocketApplication {
        let (manager, own_rules) = (manager.clone(), Arc::new(rules.clone()));
        WebSocketApplication::with_protocol(rules, move |environ| {
            let session = Session::new(handler(environ), &manager, &own_rules)?;
            Some(Box::new(session))
        })
    }

    /// Sockets under these rules, each of them driven by what `protocol` makes, which is a
    /// [`Session`] with something around it. If it makes none, there is no place for one more.
    pub fn with_protocol(
        rules: SocketRules,
        protocol: impl Fn(&Environ<'_>) -> Option<Box<dyn Protocol>> + Send + Sync + 'static,
    ) -> WebSocketApplication {
        WebSocketApplication {
            rules,
            protocol: Box::new(protocol),
        }
    }
}

impl Application for WebSocketApplication {
    /// The switch travels through `start_response` and the body, like every answer: a middleware
    /// around this sees it, and can put another in its place.
    fn respond(
        &self,
        environ: &mut Environ<'_>,
        start_response: StartResponse<'_, '_>,
    ) -> Result<Body, AppError> {
        let rules = &self.rules;
        let handshake = match Handshake::read(environ, &rules.origins, &rules.protocols) {
            Ok(handshake) => handshake,
            Err(refusal) => return refuse(refusal, start_response),
        };
        let Some(protocol) = (self.protocol)(environ) else {
            start_response.begin("503 Service Unavailable", &[PLAIN, ("Retry-After", "5")])?;
            return Ok("503 Service Unavailable: there are as many sockets as may be\n".into());
        };
        start_response.begin("101 Switching Protocols", &handshake.headers())?;
        Ok(Body::Upgrade(protocol))
    }
}

const PLAIN: (&str, &str) = ("Content-Type", "text/plain; charset=utf-8");

fn refuse(refusal: Refusal, start_response: StartResponse<'_, '_>) -> Result<Body, AppError> {
    let mut headers = vec![PLAIN];
    headers.extend(refusal.headers());
    start_response.begin(refusal.status(), &headers)?;
    Ok(format!("{}: {refusal}\n", refusal.status()).into())
}
// ANCHOR_END: application
