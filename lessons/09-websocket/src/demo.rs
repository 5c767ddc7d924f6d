//! The demo: the routes of lesson 3, two sockets, and a page.

// ANCHOR: demo
use std::sync::Arc;

use lesson03::{Application, Environ};
use lesson08::{Dispatcher, MountError};

use crate::application::WebSocketApplication;
use crate::chat::{self, Chat};
use crate::handler::EchoWebSocket;
use crate::plugin::WebSocketPlugin;
use crate::rules::SocketRules;

/// What one member of the chat may say in a second. The others read as fast as they can, and a
/// sender who is faster than all its readers would only fill their mailboxes.
const CHAT_PACE: u32 = 2000;

/// `/ws/echo` and `/ws/chat` are sockets, each with a handler of its own type; `/chat` is a page,
/// and everything else is what `app` makes of it.
pub fn around(
    app: Arc<dyn Application>,
    plugin: &WebSocketPlugin,
) -> Result<Dispatcher, MountError> {
    let chat_rules = SocketRules {
        pace: Some(CHAT_PACE),
        ..plugin.rules().clone()
    };
    let channels = plugin.channels().clone();
    let member = move |environ: &Environ<'_>| Chat::new(&channels, environ);
    let chat = WebSocketApplication::new(chat_rules, plugin.manager(), member);
    let apps: [(&str, Arc<dyn Application>); 4] = [
        ("/", app),
        ("/ws/echo", Arc::new(plugin.application(|_| EchoWebSocket))),
        ("/ws/chat", Arc::new(chat)),
        ("/chat", Arc::new(chat::page)),
    ];
    Dispatcher::new(apps)
}
// ANCHOR_END: demo
